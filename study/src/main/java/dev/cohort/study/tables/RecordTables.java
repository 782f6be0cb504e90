package dev.cohort.study.tables;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.Score;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** Fills the tables with one row per record of the log. */
final class RecordTables {
    private final RecordedLog log;
    private final int classes;

    RecordTables(RecordedLog log, int classes) {
        this.log = log;
        this.classes = classes;
    }

    /** Passes every entry of a topic to {@code entries}, partition by partition. */
    static void each(RecordedLog log, Topic topic, Consumer<RecordedLog.Entry> entries) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            try (RecordedLog.Reading reading = log.read(topic, partition)) {
                for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                    entries.accept(next.get());
                }
            }
        }
    }

    void predictions(Rows rows, LongConsumer progress) {
        for (int partition = 0; partition < log.partitions(Topic.PREDICTIONS); partition++) {
            TreeMap<String, Long> newest = new TreeMap<>();
            try (LabelWindow labels = new LabelWindow(log);
                    RecordedLog.Reading reading = log.read(Topic.PREDICTIONS, partition)) {
                for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                    if (next.get() instanceof RecordedLog.Said record
                            && record.message() instanceof Prediction prediction) {
                        String peer = prediction.peer().value();
                        boolean counts = newest.getOrDefault(peer, 0L) < prediction.step();
                        newest.merge(peer, prediction.step(), Math::max);
                        prediction(rows, record, prediction, counts, labels.of(prediction.step()));
                        progress.accept(prediction.step());
                    }
                }
            }
        }
    }

    private void prediction(
            Rows rows,
            RecordedLog.Said record,
            Prediction prediction,
            boolean counts,
            Optional<LabelWindow.Labelled> batch) {
        rows.number(prediction.step())
                .number(prediction.part())
                .text(prediction.peer().value())
                .number(prediction.incarnation())
                .number(prediction.version())
                .flag(counts)
                .flag(batch.map(b -> b.digests().contains(prediction.rendered())))
                .number(record.partition())
                .number(record.offset())
                .number(record.appendedMs())
                .number(record.bytes());
        Optional<Tensor> logits = prediction.tensors().find(TensorName.LOGITS).filter(this::ofClasses);
        if (logits.isPresent()) {
            double[] z = logits.get().toDoubles();
            RowMeans means = RowMeans.ofLogits(z, classes, batch.map(LabelWindow.Labelled::labels));
            rows.number(means.rows())
                    .real(means.loss())
                    .real(means.accuracy())
                    .real(means.entropy())
                    .real(means.confidence())
                    .real(means.margin())
                    .real(norm(z));
        } else {
            rows.number(OptionalLong.empty());
            for (int i = 0; i < 6; i++) {
                rows.real(OptionalDouble.empty());
            }
        }
        if (prediction.previous().isEmpty()) {
            rows.rest();
            return;
        }
        StepReport report = prediction.previous().get();
        rows.number(report.step())
                .real(report.crossEntropy())
                .real(report.distillation())
                .real(report.correct())
                .flag(report.taught())
                .end();
    }

    private boolean ofClasses(Tensor logits) {
        return logits.shape().size() == 2 && logits.dimension(1) == classes && logits.dimension(0) > 0;
    }

    private double norm(double[] logits) {
        double sum = 0;
        for (int start = 0; start < logits.length; start += classes) {
            double squares = 0;
            for (int c = start; c < start + classes; c++) {
                squares += logits[c] * logits[c];
            }
            sum += StrictMath.sqrt(squares);
        }
        int rows = logits.length / classes;
        return sum / rows;
    }

    void outcomes(Rows rows) {
        long[] newest = {0, -1};
        each(log, Topic.OUTCOMES, entry -> {
            if (entry instanceof RecordedLog.Said record && record.message() instanceof Outcome outcome) {
                boolean counts =
                        outcome.step() > newest[0] || (outcome.step() == newest[0] && outcome.part() > newest[1]);
                if (counts) {
                    newest[0] = outcome.step();
                    newest[1] = outcome.part();
                }
                outcome(rows, record, outcome, counts);
            }
        });
    }

    private static void outcome(Rows rows, RecordedLog.Said record, Outcome outcome, boolean counts) {
        Optional<Outcome.Targets> targets =
                outcome.resolution() instanceof Outcome.Targets t ? Optional.of(t) : Optional.empty();
        Optional<String> reason = outcome.resolution() instanceof Outcome.Skipped skipped
                ? Optional.of(skipped.reason().name().toLowerCase(Locale.ROOT))
                : Optional.empty();
        rows.number(outcome.step())
                .number(outcome.part())
                .flag(counts)
                .text(outcome.coordinator())
                .number(record.offset())
                .number(record.appendedMs())
                .number(record.bytes())
                .flag(targets.isPresent())
                .text(reason)
                .real(targets.map(t -> OptionalDouble.of(t.labelWeight())).orElse(OptionalDouble.empty()))
                .flag(targets.map(Outcome.Targets::exact))
                .number(outcome.contributors().size())
                .number(targets.map(t -> t.terms().size()).orElse(0))
                .number(targets.map(t -> t.addressed().size()).orElse(0))
                .text(outcome.stateBefore().hex())
                .text(outcome.digest().hex())
                .end();
    }

    void evaluations(Rows rows, Ints testLabels) {
        each(log, Topic.EVALUATIONS, entry -> {
            if (entry instanceof RecordedLog.Said record && record.message() instanceof Evaluation evaluation) {
                evaluation(rows, record, evaluation, testLabels);
            }
        });
    }

    private void evaluation(Rows rows, RecordedLog.Said record, Evaluation evaluation, Ints testLabels) {
        Optional<Tensor> logits = evaluation
                .tensors()
                .find(TensorName.LOGITS)
                .filter(z -> z.shape().equals(Ints.of(testLabels.size(), classes)));
        rows.number(evaluation.step())
                .number(evaluation.epoch())
                .text(evaluation.source())
                .flag(evaluation.last())
                .number(record.offset())
                .number(record.appendedMs())
                .number(record.bytes())
                .real(evaluation.accuracy())
                .real(evaluation.crossEntropy())
                .flag(logits.isPresent());
        if (logits.isEmpty()) {
            rows.rest();
            return;
        }
        double[] p = Softmax.probabilities(logits.get().toDoubles(), classes, 1);
        Score score = new Score();
        score.add(p, testLabels, classes);
        RowMeans means = RowMeans.ofProbabilities(p, classes, Optional.empty());
        rows.real(score.negativeLogLikelihood())
                .real(score.brier())
                .real(score.calibrationError())
                .real(means.entropy())
                .real(means.confidence())
                .end();
    }

    void damage(Rows rows) {
        for (Topic topic : Topic.values()) {
            each(log, topic, entry -> damage(rows, entry));
        }
    }

    private static void damage(Rows rows, RecordedLog.Entry entry) {
        if (entry instanceof RecordedLog.Unreadable unreadable) {
            rows.text(entry.topic().suffix())
                    .number(entry.partition())
                    .number(entry.offset())
                    .number(unreadable.toOffset())
                    .text("unreadable")
                    .text(Optional.empty())
                    .text(unreadable.why())
                    .end();
        } else if (entry instanceof RecordedLog.Refused refused) {
            rows.text(entry.topic().suffix())
                    .number(entry.partition())
                    .number(entry.offset())
                    .number(entry.offset())
                    .text("refused")
                    .text(refused.rejected().reason().name().toLowerCase(Locale.ROOT))
                    .text(refused.rejected().detail())
                    .end();
        }
    }
}
