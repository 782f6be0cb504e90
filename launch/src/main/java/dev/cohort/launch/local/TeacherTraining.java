package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.coordinator.method.StoredTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunDirectory;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.view.Result;
import dev.cohort.study.view.Screen;
import dev.cohort.study.view.TrainedTeacher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Trains the stored teachers of a run first, when its method needs some and none is named. The training is a run in the folder
 * {@code teacher}, on the same data with labels only, with other initial weights and another order of images. It can be
 * interrupted and resumed like any other.
 */
final class TeacherTraining {
    /** Distance of a teacher's seed from its students' seeds, so that it does not start from the weights of one of them. */
    private static final long SEED_DISTANCE = 1_000_003;

    private static final long SHORT_RUN_STEPS = 100;
    private static final long SHORT_TRAINING_STEPS = 10;
    private static final String FOLDER = "teacher";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final RunDirectory directory;
    private final LaunchPlan plan;
    private final HostPort address;
    private final StoredTeacher.Training wanted;

    private TeacherTraining(RunDirectory directory, LaunchPlan plan, HostPort address, StoredTeacher.Training wanted) {
        this.directory = directory;
        this.plan = plan;
        this.address = address;
        this.wanted = wanted;
    }

    /** The training that the run of {@code directory} needs first, if any. */
    static Optional<TeacherTraining> before(RunDirectory directory, LaunchPlan plan, HostPort address) {
        return StoredTeacher.training(plan.experiment().method())
                .map(wanted -> new TeacherTraining(directory, plan, address.with(0), wanted));
    }

    /** The teachers trained before the run of {@code directory}, if any. */
    static Optional<TrainedTeacher> result(RunDirectory directory) {
        Path result = directory.path().resolve(FOLDER).resolve(RunDirectory.RESULT);
        try {
            return Files.exists(result)
                    ? Optional.of(TrainedTeacher.of(MAPPER.readTree(result.toFile())))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Models of the teachers to train. */
    static List<String> models(Experiment experiment, StoredTeacher.Training wanted) {
        return wanted.models().isEmpty()
                ? experiment.contributors().stream()
                        .map(Experiment.Peer::model)
                        .distinct()
                        .toList()
                : wanted.models();
    }

    private long steps() {
        long whole = plan.manifest().steps();
        return wanted.steps()
                .orElse(
                        whole < SHORT_RUN_STEPS
                                ? SHORT_TRAINING_STEPS
                                : RunSchedule.stepsPerEpoch(plan.experiment(), plan.manifest()));
    }

    /**
     * Trains, or continues after an interruption.
     *
     * @return the method with the files of the trained teachers; empty when interrupted
     */
    Optional<Experiment.Method> train(Interruption interruption, Screen screen) {
        Path folder = directory.path().resolve(FOLDER);
        List<String> models = models(plan.experiment(), wanted);
        if (!Files.exists(folder.resolve(RunDirectory.RESULT))) {
            screen.say("Training the teacher first: " + String.join(" and ", models) + " for " + steps()
                    + " steps (method.teacher_steps), in " + folder);
            try (LocalRun run = open(folder, models, screen)) {
                Optional<Result> ended = run.train(interruption, screen);
                if (ended.isEmpty()) {
                    return Optional.empty();
                }
                run.conclude(ended.get());
            }
            result(directory).map(TrainedTeacher::sentence).ifPresent(screen::say);
        }
        List<String> files = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            files.add(StoredTeachers.newest(folder.resolve("checkpoints").resolve(id(i)))
                    .orElseThrow(() -> new CommandException(
                            ExitCode.FAILED, folder + ": lacks the checkpoint of a teacher: see its report.html"))
                    .toString());
        }
        return Optional.of(StoredTeacher.taughtBy(plan.experiment().method(), files));
    }

    private static String id(int index) {
        return "teacher" + (index + 1);
    }

    private LocalRun open(Path folder, List<String> models, Screen screen) {
        if (Files.exists(folder.resolve(RunDirectory.EFFECTIVE))) {
            List<String> data =
                    plan.experiment().data().path().map(path -> Preparation.dataPathSetting(Path.of(path))).stream()
                            .toList();
            Optional<HostPort> listen = directory.about().embedded() ? Optional.of(address) : Optional.empty();
            Experiment.Kafka kafka = plan.experiment().kafka();
            return LocalRun.resume(
                    RunDirectory.resume(directory.path(), Optional.of(FOLDER)),
                    new LocalRun.Reach(listen, kafka.bootstrap(), kafka.client(), data),
                    screen::say);
        }
        clear(folder);
        LaunchPlan teaching = Preparation.with(
                Preparation.prepare(Optional.of(directory.effective()), settings(models)),
                plan.experiment().kafka().client());
        String name = teaching.experiment().run().name();
        return LocalRun.begin(
                teaching,
                address,
                () -> RunDirectory.createAt(folder, name, LocalDateTime.now(ZoneOffset.UTC)),
                ExperimentYaml.writeWithoutSecrets(teaching.experiment()));
    }

    private List<String> settings(List<String> models) {
        Experiment experiment = plan.experiment();
        List<String> peers = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            peers.add("{id: " + id(i) + ", model: " + models.get(i) + ", device: "
                    + experiment
                            .contributors()
                            .get(i % experiment.contributors().size())
                            .device()
                    + "}");
        }
        return List.of(
                "method.name=independent",
                "run.name=" + experiment.run().name() + "-teacher",
                "run.seed=" + (experiment.run().seed() + SEED_DISTANCE),
                "run.steps=" + steps(),
                "peers=[" + String.join(", ", peers) + "]",
                "elastic.min=1",
                "elastic.max=" + models.size(),
                "pace.completion=all",
                "threads.torch_per_peer=auto");
    }

    /** Renames the remains of a start that was interrupted too early to be resumed. */
    private static void clear(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        int number = 1;
        while (Files.exists(folder.resolveSibling(FOLDER + ".unfinished" + number))) {
            number++;
        }
        try {
            Files.move(folder, folder.resolveSibling(FOLDER + ".unfinished" + number));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
