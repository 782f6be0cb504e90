package dev.cohort.study;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The dynamics of an ensemble over time, from the test-set logits that peers have recorded. One pass. */
public final class DynamicsHistory {
    private DynamicsHistory() {}

    /** Incomplete tests that are held before the oldest is emitted without its missing peers. */
    private static final int OPEN_MAX = 4;

    /**
     * The dynamics after one test.
     *
     * @param step after which the peers were tested
     * @param epoch 0-based
     */
    public record Point(long step, int epoch, Dynamics dynamics) {}

    /**
     * The test-set logits of the peers after one step.
     *
     * @param step after which they were tested
     * @param epoch 0-based
     * @param logits [N, C] by peer
     */
    public record Test(long step, int epoch, SortedMap<String, double[]> logits) {}

    /**
     * Reads all recorded tests, once, and measures each.
     *
     * @param members whose tests count
     * @param points takes the points in the order of their steps
     */
    public static void of(
            RecordedLog log, EnsembleMembers members, Ints testLabels, int classes, Consumer<Point> points) {
        tests(
                log,
                members,
                testLabels,
                classes,
                test -> points.accept(
                        new Point(test.step(), test.epoch(), Dynamics.of(test.logits(), testLabels, classes))));
    }

    /**
     * Reads all recorded tests, once. A test is emitted as soon as it has all peers and all earlier tests have been emitted. A
     * test that lacks a peer is emitted after a few later ones, so the number of tests in memory is bounded.
     *
     * @param members whose tests count
     * @param tests takes them in the order of their steps; logits that arrive after their test was emitted are dropped
     */
    public static void tests(
            RecordedLog log, EnsembleMembers members, Ints testLabels, int classes, Consumer<Test> tests) {
        TreeMap<Long, Test> open = new TreeMap<>();
        long emittedStep = -1;
        try (RecordedLog.Reading reading = log.read(Topic.EVALUATIONS, 0)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (!(next.get() instanceof RecordedLog.Said record)
                        || !(record.message() instanceof Evaluation evaluation)) {
                    continue;
                }
                Optional<Tensor> logits = evaluation.tensors().find(TensorName.LOGITS);
                boolean counts = !evaluation.source().equals(Evaluation.TEACHER)
                        && members.counts(new PeerId(evaluation.source()), evaluation.step());
                boolean late = evaluation.step() <= emittedStep;
                if (!counts
                        || late
                        || logits.filter(z -> fits(z, testLabels, classes)).isEmpty()) {
                    continue;
                }
                open.computeIfAbsent(evaluation.step(), s -> new Test(s, evaluation.epoch(), new TreeMap<>()))
                        .logits()
                        .putIfAbsent(evaluation.source(), logits.get().toDoubles());
                while (!open.isEmpty()
                        && (open.size() > OPEN_MAX || whole(open.firstEntry().getValue(), members))) {
                    Test first = open.pollFirstEntry().getValue();
                    emittedStep = first.step();
                    tests.accept(first);
                }
            }
        }
        open.values().forEach(tests);
    }

    private static boolean whole(Test test, EnsembleMembers members) {
        return test.logits().size() == members.count(test.step());
    }

    private static boolean fits(Tensor logits, Ints labels, int classes) {
        return logits.shape().equals(Ints.of(labels.size(), classes));
    }
}
