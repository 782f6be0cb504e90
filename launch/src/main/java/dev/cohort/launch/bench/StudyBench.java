package dev.cohort.launch.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.BrokerProcess;
import dev.cohort.launch.RunDirectory;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.BareReading;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.ConsumedLog;
import dev.cohort.runtime.kafka.SegmentLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.Study;
import dev.cohort.study.Verification;
import dev.cohort.study.WhatIf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Measures how fast a log is read and studied: against a bare Kafka consumer on the same topic, and ten what-if scenarios against
 * one. The compared tasks take turns several times; the median counts.
 */
public final class StudyBench {
    private static final int SCENARIOS = 10;
    private static final double NANOS = 1e9;

    private final RunDirectory directory;
    private final Manifest manifest;
    private final Experiment experiment;
    private final Function<WhatIf, Teacher> teachers;
    private final int repeats;
    private final Consumer<String> progress;

    /**
     * @param teachers of scenarios
     * @param progress receives a line for each task
     */
    public StudyBench(
            RunDirectory directory,
            Manifest manifest,
            Experiment experiment,
            Function<WhatIf, Teacher> teachers,
            int repeats,
            Consumer<String> progress) {
        this.directory = directory;
        this.manifest = manifest;
        this.experiment = experiment;
        this.teachers = teachers;
        this.repeats = repeats;
        this.progress = progress;
    }

    /** One measured task. */
    private interface Task {
        long bytes();
    }

    /** Seconds of each repetition, and the bytes read by one. */
    private record Measured(String name, List<Double> seconds, long bytes) {
        double medianSeconds() {
            return seconds.stream().sorted().toList().get(seconds.size() / 2);
        }

        double mebibytesPerSecond() {
            return bytes / medianSeconds() / (1 << 20);
        }
    }

    /** Measures everything. */
    public ObjectNode measure() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("cores", Runtime.getRuntime().availableProcessors()).put("repeats", repeats);
        ObjectNode reading = json.putObject("reading_predictions");
        try (BrokerProcess broker = BrokerProcess.start(directory)) {
            int partitions = TopicPlan.of(experiment).partitions(Topic.PREDICTIONS);
            List<Measured> both = takeTurns(
                    List.of("bare Kafka consumer", "cohort through the broker", "cohort from the files"),
                    List.of(
                            () -> BareReading.of(broker.address(), directory.id(), Topic.PREDICTIONS, partitions)
                                    .bytes(),
                            () -> {
                                try (RecordedLog log = ConsumedLog.open(broker.address(), directory.id())) {
                                    return bytes(log);
                                }
                            },
                            () -> bytes(files())));
            put(reading, both, "bare Kafka consumer");
        }
        progress.accept("verify ...");
        Measured verify = takeTurns(List.of("verify"), List.of(this::verify), 1).get(0);
        json.putObject("verify")
                .put("steps", manifest.steps())
                .put("seconds", verify.medianSeconds())
                .put("steps_per_second", manifest.steps() / verify.medianSeconds());
        List<Measured> whatIfs = takeTurns(
                List.of("one scenario", SCENARIOS + " scenarios"), List.of(() -> study(1), () -> study(SCENARIOS)));
        put(json.putObject("what_if"), whatIfs, "one scenario");
        return json;
    }

    private RecordedLog files() {
        return SegmentLog.open(new BrokerFolder(directory.broker()).log(), directory.id());
    }

    private static long bytes(RecordedLog log) {
        long bytes = 0;
        for (int partition = 0; partition < log.partitions(Topic.PREDICTIONS); partition++) {
            try (RecordedLog.Reading reading = log.read(Topic.PREDICTIONS, partition)) {
                for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                    if (!(next.get() instanceof RecordedLog.Said entry)) {
                        throw new IllegalStateException("a synthetic run has an unreadable record: " + next.get());
                    }
                    bytes += entry.bytes();
                }
            }
        }
        return bytes;
    }

    private long verify() {
        try (RecordedLog log = files()) {
            Verification.Verdict verdict = new Verification(
                            log,
                            RunTeacher.of(manifest, experiment),
                            RunSchedule.learningRate(manifest, experiment),
                            Verification.Batches.unchecked())
                    .verdict(step -> {});
            if (!verdict.clean() || verdict.steps() != manifest.steps()) {
                throw new IllegalStateException("the synthetic run fails verification: " + verdict.findings());
            }
            return 0;
        }
    }

    private long study(int scenarios) {
        List<WhatIf> whatIfs = new ArrayList<>();
        for (int i = 1; i <= scenarios; i++) {
            whatIfs.add(WhatIf.parse("method=mean_logit,temperature=" + i, experiment));
        }
        try (RecordedLog log = files()) {
            new Study(
                            log,
                            whatIfs,
                            teachers,
                            RunSchedule.learningRate(manifest, experiment),
                            manifest.testLabels(),
                            manifest.classes())
                    .answers(step -> {});
            return 0;
        }
    }

    private List<Measured> takeTurns(List<String> names, List<Task> tasks) {
        return takeTurns(names, tasks, repeats);
    }

    private List<Measured> takeTurns(List<String> names, List<Task> tasks, int times) {
        List<List<Double>> seconds = new ArrayList<>();
        tasks.forEach(task -> seconds.add(new ArrayList<>()));
        long[] bytes = new long[tasks.size()];
        for (int i = 0; i < times; i++) {
            for (int task = 0; task < tasks.size(); task++) {
                long begunNanos = System.nanoTime();
                bytes[task] = tasks.get(task).bytes();
                double took = (System.nanoTime() - begunNanos) / NANOS;
                seconds.get(task).add(took);
                progress.accept(String.format(Locale.ROOT, "%s: %.1f s", names.get(task), took));
            }
        }
        List<Measured> measured = new ArrayList<>();
        for (int task = 0; task < tasks.size(); task++) {
            measured.add(new Measured(names.get(task), List.copyOf(seconds.get(task)), bytes[task]));
        }
        return measured;
    }

    private static void put(ObjectNode json, List<Measured> measured, String against) {
        double base = measured.stream()
                .filter(m -> m.name().equals(against))
                .findFirst()
                .orElseThrow()
                .medianSeconds();
        ArrayNode all = json.putArray("measured");
        for (Measured one : measured) {
            ObjectNode node = all.addObject().put("name", one.name());
            ArrayNode tries = node.putArray("seconds");
            one.seconds().forEach(tries::add);
            node.put("median_seconds", one.medianSeconds());
            if (one.bytes() > 0) {
                node.put("mebibytes", one.bytes() / (double) (1 << 20))
                        .put("mebibytes_per_second", one.mebibytesPerSecond());
                node.put("rate_against_" + against.replace(' ', '_'), base / one.medianSeconds());
            } else {
                node.put("time_against_" + against.replace(' ', '_'), one.medianSeconds() / base);
            }
        }
    }
}
