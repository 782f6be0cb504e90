package dev.cohort.replay;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The dynamics of an ensemble over time, from the test-set logits that peers have recorded. */
public final class Course {
    private Course() {}

    /**
     * One point of it.
     *
     * @param step after which the peers were tested
     * @param epoch 0-based
     */
    public record Point(long step, int epoch, Dynamics dynamics) {}

    /**
     * Reads all recorded tests, once; a point is told as soon as all peers have been tested, and those with some of them at the end.
     *
     * @param peers whose tests count
     * @param points takes the points in the order of their steps, as far as the log has that order
     */
    public static void of(RecordedLog log, Set<PeerId> peers, Ints testLabels, int classes, Consumer<Point> points) {
        TreeMap<Long, SortedMap<String, double[]>> open = new TreeMap<>();
        TreeMap<Long, Integer> epochs = new TreeMap<>();
        try (RecordedLog.Reading reading = log.read(Topic.EVALUATIONS, 0)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (!(next.get() instanceof RecordedLog.Said said)
                        || !(said.message() instanceof Evaluation evaluation)) {
                    continue;
                }
                Optional<Tensor> logits = evaluation.tensors().find(TensorName.LOGITS);
                boolean counts = peers.stream().anyMatch(p -> p.value().equals(evaluation.source()));
                if (!counts || logits.filter(z -> fits(z, testLabels, classes)).isEmpty()) {
                    continue;
                }
                SortedMap<String, double[]> step = open.computeIfAbsent(evaluation.step(), s -> new TreeMap<>());
                step.putIfAbsent(evaluation.source(), logits.get().toDoubles());
                epochs.put(evaluation.step(), evaluation.epoch());
                if (step.size() == peers.size()) {
                    open.remove(evaluation.step());
                    points.accept(point(evaluation.step(), evaluation.epoch(), step, testLabels, classes));
                }
            }
        }
        for (Map.Entry<Long, SortedMap<String, double[]>> rest : open.entrySet()) {
            int epoch = Optional.ofNullable(epochs.get(rest.getKey())).orElse(0);
            points.accept(point(rest.getKey(), epoch, rest.getValue(), testLabels, classes));
        }
    }

    private static boolean fits(Tensor logits, Ints labels, int classes) {
        return logits.shape().equals(Ints.of(labels.size(), classes));
    }

    private static Point point(long step, int epoch, SortedMap<String, double[]> logits, Ints testLabels, int classes) {
        return new Point(step, epoch, Dynamics.of(logits, testLabels, classes));
    }
}
