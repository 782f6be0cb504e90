package dev.cohort.launch.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.Host;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunManifest;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Refuses a run before its start when the host cannot carry it to its end. */
class HostLimitsTest {
    private static final long MIB = 1L << 20;
    private static final HostFigures PLENTY = host(64 * 1024 * MIB, 1 << 20, 1024 * 1024 * MIB);

    @Test
    void acceptsAHostWithEnoughOfEverything() {
        assertThat(problems(PLENTY)).isEmpty();
    }

    @Test
    void checksNothingOnAHostThatReportsNoFigures() {
        assertThat(problems(new HostFigures(
                        Optional.empty(), OptionalLong.empty(), 100, OptionalLong.empty(), Path.of("runs"))))
                .isEmpty();
    }

    @Test
    void refusesMorePeersThanTheMemoryHolds() {
        HostFigures small = host(900 * MIB, 1 << 20, 1024 * 1024 * MIB);

        assertThat(problems(small)).isEmpty();
        assertThat(problems(small, "peers=4"))
                .singleElement()
                .asString()
                .contains(
                        "peers: 4: must be so few",
                        "900 MiB (the memory of this machine)",
                        "at least 1,1",
                        "the peers need 65");
    }

    @Test
    void countsTheProcessesOfNetworksOfTheUsersOwn() {
        String[] pytorch = own("n.py:make");
        String[] program = own("learner:n.py");

        assertThat(problems(host(840 * MIB, 1 << 20, 1024 * 1024 * MIB), pytorch))
                .singleElement()
                .asString()
                .contains("of which the peers need 40");
        assertThat(problems(host(840 * MIB, 1 << 20, 1024 * 1024 * MIB), program))
                .isEmpty();
    }

    private static String[] own(String model) {
        return new String[] {
            "peers.0.model=" + model, "peers.0.feature_width=8", "peers.1.model=" + model, "peers.1.feature_width=8"
        };
    }

    @Test
    void countsTheDataOfEveryPeer() {
        HostFigures host = host(1024 * MIB, 1 << 20, 1024 * 1024 * MIB);
        ImageShape large = new ImageShape(1024, 1024, 3);
        String[] models = {"peers.0.model=resnet8", "peers.1.model=resnet8"};

        assertThat(problems(host, large, models))
                .singleElement()
                .asString()
                .contains("243 MiB of data", "data.mode=pixels");
        assertThat(problems(host, large, "data.mode=pixels", models[0], models[1]))
                .isEmpty();
    }

    @Test
    void refusesABrokerWithTooFewOpenFiles() {
        assertThat(problems(host(64 * 1024 * MIB, 190, 1024 * 1024 * MIB)))
                .singleElement()
                .asString()
                .contains("ulimit -n: 190: must be at least 196", "partitions (elastic.max)");
        assertThat(problems(host(64 * 1024 * MIB, 256, 1024 * 1024 * MIB))).isEmpty();
        assertThat(problems(host(64 * 1024 * MIB, 256, 1024 * 1024 * MIB), "elastic.max=256"))
                .hasSize(1);
        assertThat(problems(host(64 * 1024 * MIB, 190, 1024 * 1024 * MIB), "kafka.bootstrap=there:9092"))
                .isEmpty();
    }

    /** A full segment of the log stays open. */
    @Test
    void countsTheSegmentsOfALongLog() {
        assertThat(problems(host(64 * 1024 * MIB, 1024, 1L << 60), "run.steps=100000000"))
                .singleElement()
                .asString()
                .contains("ulimit -n: 1024", "a log of about");
    }

    @Test
    void refusesALogThatTheDiskDoesNotHold() {
        HostFigures full = host(64 * 1024 * MIB, 1 << 20, 500 * MIB);

        assertThat(problems(full, "run.steps=10000")).isEmpty();
        assertThat(problems(full, "run.steps=500000"))
                .singleElement()
                .asString()
                .contains("run.steps: 500000: must be so few", "500 MiB free in runs", "it takes about", "--runs");
        assertThat(problems(full, "run.steps=500000", "kafka.bootstrap=there:9092"))
                .isEmpty();
    }

    /** A run that is stopped by hand has more steps planned than it reaches. */
    @Test
    void notesThatTheCheckpointsOfAllEpochsDoNotFit() {
        LaunchPlan plan = plan(new ImageShape(8, 8, 1), "run.steps=100000");
        HostFigures full = host(64 * 1024 * MIB, 1 << 20, plan.disk().log() + 1);

        assertThat(HostLimits.problems(plan, full)).isEmpty();
        assertThat(HostLimits.notes(plan, full))
                .singleElement()
                .asString()
                .contains("the checkpoints of all epochs take about", "free in runs", "--runs");
        assertThat(HostLimits.notes(plan, host(64 * 1024 * MIB, 1 << 20, 1L << 50)))
                .isEmpty();
    }

    /** The broker keeps only the newest pixels. */
    @Test
    void countsNoMorePixelsThanTheLogKeeps() {
        HostFigures host = host(64 * 1024 * MIB, 1 << 20, 8 * 1024 * MIB);
        String[] pixels = {"data.mode=pixels", "run.steps=10000", "peers.0.model=resnet8", "peers.1.model=resnet8"};

        assertThat(problems(host, new ImageShape(256, 256, 3), pixels)).isEmpty();
    }

    private static HostFigures host(long memory, long files, long free) {
        return new HostFigures(
                Optional.of(new Host.Memory(memory, "the memory of this machine")),
                OptionalLong.of(files),
                100,
                OptionalLong.of(free),
                Path.of("runs"));
    }

    private static List<String> problems(HostFigures host, String... settings) {
        return problems(host, new ImageShape(8, 8, 1), settings);
    }

    private static List<String> problems(HostFigures host, ImageShape shape, String... settings) {
        return HostLimits.problems(plan(shape, settings), host);
    }

    private static LaunchPlan plan(ImageShape shape, String... settings) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read("""
                        run: {steps: 3, batch_size: 8}
                        method: {name: mean_logit}
                        peers: [{id: a, model: mlp32}, {id: b, model: mlp32}]
                        """, List.of(settings), problems).orElseThrow();
        assertThat(problems.found()).isEmpty();
        ImageSet set = ImageSet.of(
                shape,
                new byte[81 / 2 * shape.size()],
                IntStream.range(0, 40).map(i -> i % 2).toArray());
        ImageData data = ImageData.of(List.of("x", "y"), set, set, 0);
        Manifest manifest = RunManifest.of(experiment, data);
        return new LaunchPlan(
                experiment,
                manifest,
                2L * 40 * shape.size() + 3 * MIB,
                Footprint.of(experiment, data, manifest),
                List.of());
    }
}
