package dev.cohort.study.tables;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.RecordedSteps;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/** Fills the tables of steps, contributors and terms, in one pass. */
final class StepTables {
    private final int classes;
    private final Rows steps;
    private final Rows contributors;
    private final Rows terms;

    StepTables(int classes, Rows steps, Rows contributors, Rows terms) {
        this.classes = classes;
        this.steps = steps;
        this.contributors = contributors;
        this.terms = terms;
    }

    void fill(RecordedLog log, LongConsumer progress) {
        try (RecordedSteps recorded = new RecordedSteps(log, damaged -> {})) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                step(next.get());
                contributors(next.get());
                terms(next.get());
                progress.accept(next.get().step());
            }
        }
    }

    private void step(RecordedSteps.Step step) {
        Outcome outcome = step.outcome();
        Optional<Batch> batch = step.batch();
        boolean whole = batch.isPresent()
                && step.said().size() == outcome.contributors().size();
        Optional<Outcome.Targets> targets =
                outcome.resolution() instanceof Outcome.Targets t ? Optional.of(t) : Optional.empty();
        steps.number(step.step())
                .number(outcome.part())
                .number(batch.isPresent() ? OptionalLong.of(batch.get().epoch()) : OptionalLong.empty())
                .flag(batch.map(Batch::endsEpoch))
                .number(batch.isPresent() ? OptionalLong.of(batch.get().rows()) : OptionalLong.empty())
                .number(
                        batch.isPresent()
                                ? OptionalLong.of(batch.get().labels().weights().size())
                                : OptionalLong.empty())
                .real(
                        batch.isPresent()
                                ? OptionalDouble.of(
                                        batch.get().labels().weights().get(0))
                                : OptionalDouble.empty())
                .number(
                        batch.isPresent()
                                ? OptionalLong.of(batch.get().recipe().views().size())
                                : OptionalLong.empty())
                .number(step.appendedMs())
                .number(step.said().values().stream()
                        .mapToLong(RecordedLog.Said::appendedMs)
                        .min())
                .number(step.said().values().stream()
                        .mapToLong(RecordedLog.Said::appendedMs)
                        .max())
                .number(outcome.contributors().size())
                .flag(targets.isPresent())
                .flag(targets.isPresent() && targets.get().exact())
                .flag(whole);
        ensemble(step, batch.map(Batch::labels));
        target(targets, batch.map(Batch::labels));
        steps.end();
    }

    private void ensemble(RecordedSteps.Step step, Optional<SoftLabels> labels) {
        List<double[]> each = new ArrayList<>();
        OptionalDouble accuracy = OptionalDouble.empty();
        double accuracies = 0;
        for (RecordedLog.Said record : step.said().values()) {
            double[] logits = ((Prediction) record.message()).logits().toDoubles();
            each.add(Softmax.probabilities(logits, classes, 1));
            RowMeans own = RowMeans.ofProbabilities(each.get(each.size() - 1), classes, labels);
            accuracies += own.accuracy().orElse(0);
            accuracy = own.accuracy();
        }
        boolean alike = each.stream().allMatch(p -> p.length == each.get(0).length);
        if (each.isEmpty()
                || !alike
                || each.size() != step.outcome().contributors().size()) {
            for (int i = 0; i < 6; i++) {
                steps.real(OptionalDouble.empty());
            }
            return;
        }
        RowMeans mean = RowMeans.ofProbabilities(mean(each), classes, labels);
        steps.real(accuracy.isPresent() ? OptionalDouble.of(accuracies / each.size()) : accuracy)
                .real(disagreement(each))
                .real(mean.loss())
                .real(mean.accuracy())
                .real(mean.entropy())
                .real(mean.confidence());
    }

    private static double[] mean(List<double[]> each) {
        double[] mean = new double[each.get(0).length];
        for (double[] one : each) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += one[i];
            }
        }
        for (int i = 0; i < mean.length; i++) {
            mean[i] /= each.size();
        }
        return mean;
    }

    private double disagreement(List<double[]> each) {
        long different = 0;
        long compared = 0;
        for (int i = 0; i < each.size(); i++) {
            for (int j = i + 1; j < each.size(); j++) {
                for (int start = 0; start < each.get(i).length; start += classes) {
                    boolean same = RowMeans.largest(each.get(i), start, classes)
                            == RowMeans.largest(each.get(j), start, classes);
                    different += same ? 0 : 1;
                    compared++;
                }
            }
        }
        return compared == 0 ? 0 : (double) different / compared;
    }

    private void target(Optional<Outcome.Targets> targets, Optional<SoftLabels> labels) {
        Optional<Term.SoftTarget> shown = targets.stream()
                .flatMap(t -> t.terms().stream())
                .filter(term -> term instanceof Term.SoftTarget soft
                        && labels.isPresent()
                        && soft.values().size() == labels.get().rows() * classes)
                .map(term -> (Term.SoftTarget) term)
                .findFirst();
        steps.text(shown.map(Term.SoftTarget::name));
        Optional<RowMeans> means = shown.map(soft -> means(soft, labels));
        steps.real(means.map(RowMeans::loss).orElse(OptionalDouble.empty()))
                .real(means.map(RowMeans::accuracy).orElse(OptionalDouble.empty()))
                .real(means.map(s -> OptionalDouble.of(s.entropy())).orElse(OptionalDouble.empty()))
                .real(means.map(s -> OptionalDouble.of(s.confidence())).orElse(OptionalDouble.empty()));
    }

    private RowMeans means(Term.SoftTarget soft, Optional<SoftLabels> labels) {
        double[] values = soft.values().toDoubles();
        return soft.space() == Term.Space.LOGITS
                ? RowMeans.ofLogits(values, classes, labels)
                : RowMeans.ofProbabilities(values, classes, labels);
    }

    private void contributors(RecordedSteps.Step step) {
        OptionalLong first = step.said().values().stream()
                .mapToLong(RecordedLog.Said::appendedMs)
                .min();
        for (Outcome.Contributor c : step.outcome().contributors()) {
            Optional<RecordedLog.Said> record = Optional.ofNullable(step.said().get(c.peer()));
            contributors
                    .number(step.step())
                    .number(step.outcome().part())
                    .text(c.peer().value())
                    .number(c.slot())
                    .number(c.incarnation())
                    .number(c.version())
                    .flag(record.isPresent())
                    .flag(record.map(s -> ((Prediction) s.message()).digest().equals(c.tensors())))
                    .number(
                            record.isPresent() && first.isPresent()
                                    ? OptionalLong.of(record.get().appendedMs() - first.getAsLong())
                                    : OptionalLong.empty())
                    .text(c.tensors().hex())
                    .end();
        }
    }

    private void terms(RecordedSteps.Step step) {
        if (!(step.outcome().resolution() instanceof Outcome.Targets targets)) {
            return;
        }
        TermRows rows = new TermRows(terms, classes, step.step(), step.outcome().part());
        rows.add(Optional.empty(), targets.terms());
        for (Map.Entry<PeerId, Addressed> part : step.parts().entrySet()) {
            rows.add(Optional.of(part.getKey()), part.getValue().terms());
        }
    }

    static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
