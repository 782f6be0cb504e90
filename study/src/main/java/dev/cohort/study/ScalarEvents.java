package dev.cohort.study;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Writes a run for TensorBoard: a folder with an event file for each peer, for the ensemble and for the teacher; curves of equal
 * tags share a chart. {@code train/...} has a point per contributor and step, on the batch and its mixed labels; {@code test/...}
 * a point per test. Losses are in nats, shares 0..1; the time of a point is when the broker appended the record.
 */
public final class ScalarEvents implements AutoCloseable {
    /** The mean probability of the contributors; not a valid peer id, so no peer shares the folder. */
    public static final String ENSEMBLE = "_ensemble";

    /** Softmax of the mean of the contributors' logits. */
    public static final String ENSEMBLE_OF_LOGITS = "_ensemble_of_logits";

    /** The teacher, as the coordinator evaluates it. */
    public static final String TEACHER = "_teacher";

    private final RecordedLog log;
    private final Path folder;
    private final TreeMap<String, EventFile> files = new TreeMap<>();
    private final TreeMap<Long, Long> testedMs = new TreeMap<>();

    /** @param folder in which the folders are created */
    public ScalarEvents(RecordedLog log, Path folder) {
        this.log = log;
        this.folder = folder;
    }

    /**
     * Reads the log, three times, and writes the files.
     *
     * @param members of the ensemble
     * @param testLabels class of each test image
     * @param progress takes every step
     * @return names of the folders that were created
     */
    public List<String> write(EnsembleMembers members, Ints testLabels, int classes, LongConsumer progress) {
        try {
            training(classes, progress);
            tests();
            DynamicsHistory.of(log, members, testLabels, classes, this::dynamics);
        } catch (IOException e) {
            throw unwritable(e);
        }
        return List.copyOf(files.keySet());
    }

    private UncheckedIOException unwritable(IOException e) {
        return FileFault.unwritable("folder " + folder, e);
    }

    private void scalar(String source, long step, long atMs, String tag, double value) throws IOException {
        EventFile file = files.get(source);
        if (file == null) {
            file = new EventFile(folder.resolve(source), atMs);
            files.put(source, file);
        }
        file.scalar(step, atMs, tag, value);
    }

    private void training(int classes, LongConsumer progress) throws IOException {
        try (RecordedSteps recorded = new RecordedSteps(log, damaged -> {})) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                step(next.get(), classes);
                progress.accept(next.get().step());
            }
        }
    }

    private void step(RecordedSteps.Step step, int classes) throws IOException {
        long firstMs = step.said().values().stream()
                .mapToLong(RecordedLog.Said::appendedMs)
                .min()
                .orElse(step.appendedMs());
        TreeMap<String, double[]> each = new TreeMap<>();
        for (RecordedLog.Said record : step.said().values()) {
            Prediction prediction = (Prediction) record.message();
            String peer = prediction.peer().value();
            each.put(peer, Softmax.probabilities(prediction.logits().toDoubles(), classes, 1));
            scalar(peer, step.step(), record.appendedMs(), "train/lag_ms", (double) (record.appendedMs() - firstMs));
            if (prediction.previous().isPresent()) {
                scalar(
                        peer,
                        prediction.previous().get().step(),
                        record.appendedMs(),
                        "train/distillation",
                        prediction.previous().get().distillation());
            }
        }
        if (step.batch().isEmpty()) {
            return;
        }
        SoftLabels labels = step.batch().get().labels();
        each.values().removeIf(p -> p.length != labels.rows() * classes);
        for (Map.Entry<String, double[]> one : each.entrySet()) {
            figures(one.getKey(), step, one.getValue(), labels);
        }
        if (each.size() > 1 && each.size() == step.outcome().contributors().size()) {
            figures(ENSEMBLE, step, mean(new ArrayList<>(each.values())), labels);
        }
    }

    private void figures(String source, RecordedSteps.Step step, double[] probabilities, SoftLabels labels)
            throws IOException {
        Score score = new Score();
        score.add(probabilities, labels);
        scalar(source, step.step(), step.appendedMs(), "train/accuracy", score.accuracy());
        scalar(source, step.step(), step.appendedMs(), "train/nll", score.negativeLogLikelihood());
    }

    private static double[] mean(List<double[]> each) {
        double[] mean = new double[each.get(0).length];
        for (double[] one : each) {
            for (int k = 0; k < mean.length; k++) {
                mean[k] += one[k] / each.size();
            }
        }
        return mean;
    }

    private void tests() throws IOException {
        try (RecordedLog.Reading reading = log.read(Topic.EVALUATIONS, 0)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said record && record.message() instanceof Evaluation test) {
                    String source = test.source().equals(Evaluation.TEACHER) ? TEACHER : test.source();
                    scalar(source, test.step(), record.appendedMs(), "test/accuracy", test.accuracy());
                    scalar(source, test.step(), record.appendedMs(), "test/nll", test.crossEntropy());
                    testedMs.merge(test.step(), record.appendedMs(), Math::max);
                }
            }
        }
    }

    private void dynamics(DynamicsHistory.Point point) {
        Dynamics d = point.dynamics();
        try {
            for (int i = 0; i < d.peers().size(); i++) {
                String peer = d.peers().get(i);
                test(point, peer, "brier", d.each().get(i).brier());
                test(point, peer, "ece", d.each().get(i).calibrationError());
                if (!d.leaveOneOut().isEmpty()) {
                    test(point, peer, "leave_one_out", d.leaveOneOut().get(i));
                }
            }
            together(point, ENSEMBLE, d.byProbability());
            together(point, ENSEMBLE_OF_LOGITS, d.byLogits());
            test(point, ENSEMBLE, "gain", d.gain());
            test(point, ENSEMBLE, "oracle", d.oracle());
            test(point, ENSEMBLE, "variance", d.variance());
            test(point, ENSEMBLE, "disagreement", d.meanDisagreement());
            test(point, ENSEMBLE, "kl", d.meanDivergence());
            test(point, ENSEMBLE, "double_fault", d.meanDoubleFault());
            test(point, ENSEMBLE, "error_correlation", d.meanErrorCorrelation());
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private void together(DynamicsHistory.Point point, String source, Dynamics.Figures figures) throws IOException {
        test(point, source, "accuracy", figures.accuracy());
        test(point, source, "nll", figures.negativeLogLikelihood());
        test(point, source, "brier", figures.brier());
        test(point, source, "ece", figures.calibrationError());
    }

    private void test(DynamicsHistory.Point point, String source, String figure, double value) throws IOException {
        scalar(source, point.step(), testedMs.getOrDefault(point.step(), 0L), "test/" + figure, value);
    }

    @Override
    public void close() {
        for (Map.Entry<String, EventFile> file : files.entrySet()) {
            try {
                file.getValue().close();
            } catch (IOException e) {
                throw unwritable(e);
            }
        }
    }
}
