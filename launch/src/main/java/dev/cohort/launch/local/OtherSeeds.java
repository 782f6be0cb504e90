package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.RunDirectory;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.view.Gain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Finds finished runs of the same experiment that differ in seeds only: together they show the influence of chance. */
final class OtherSeeds {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private OtherSeeds() {}

    /**
     * Gains of the runs beside {@code run}: the newest of each other seed.
     *
     * @param steps number of steps of a complete run; runs that ended early do not count
     */
    static List<Gain> beside(RunDirectory run, long steps) {
        Map<Long, Gain> bySeed = new TreeMap<>();
        try {
            Experiment own = ExperimentYaml.read(Files.readString(run.effective()));
            Path parent = Optional.ofNullable(run.path().getParent()).orElse(run.path());
            try (Stream<Path> siblings = Files.list(parent)) {
                for (Path sibling : siblings.sorted().toList()) {
                    if (!sibling.equals(run.path())) {
                        read(sibling, own, steps, bySeed);
                    }
                }
            }
            bySeed.remove(own.run().seed());
        } catch (IOException | IllegalArgumentException e) {
            // The result is still valid without other runs.
            return List.of();
        }
        return List.copyOf(bySeed.values());
    }

    private static void read(Path directory, Experiment own, long steps, Map<Long, Gain> bySeed) throws IOException {
        Path result = directory.resolve(RunDirectory.RESULT);
        Path effective = directory.resolve(RunDirectory.EFFECTIVE);
        if (!Files.exists(result) || !Files.exists(effective)) {
            return;
        }
        Experiment other;
        try {
            other = ExperimentYaml.read(Files.readString(effective));
        } catch (IllegalArgumentException e) {
            // Written by another version of Cohort.
            return;
        }
        JsonNode json = MAPPER.readTree(result.toFile());
        if (seedless(other).equals(seedless(own)) && json.path("steps").asLong() == steps) {
            Gain.of(json).ifPresent(gain -> bySeed.put(other.run().seed(), gain));
        }
    }

    private static Experiment seedless(Experiment e) {
        Experiment.Run run = e.run();
        return e.withRun(new Experiment.Run("", 0, run.epochs(), run.steps(), run.batchSize()))
                .withPeers(e.peers().stream()
                        .map(p -> new Experiment.Peer(p.id(), p.model(), p.device(), 0, p.control(), p.own()))
                        .toList());
    }
}
