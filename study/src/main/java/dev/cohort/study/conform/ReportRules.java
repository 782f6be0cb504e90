package dev.cohort.study.conform;

import dev.cohort.distill.Objective;
import dev.cohort.distill.TestScore;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a peer says about its updates and about the test images: computed again from what it published. */
final class ReportRules {
    /** A peer computes from its outputs before they are rounded for the wire, some in single precision. */
    private static final double CLOSE = 1e-3;

    private static final double CLOSE_IN_HALF = 2e-2;

    private ReportRules() {}

    static List<Rule> all() {
        return List.of(
                new EachRecord<>(
                        "loss",
                        "The report of an update is that of the loss by the step's outcome.",
                        Prediction.class,
                        (p, record, course) -> report(p, course, false)),
                new EachRecord<>(
                        "first-outcome-counts",
                        "Of two outcomes of a step, the first one is trained on.",
                        Prediction.class,
                        (p, record, course) -> report(p, course, true)),
                new EachRecord<>(
                        "evaluation",
                        "An evaluation has the step's epoch, and the score of its own logits on the test images.",
                        Evaluation.class,
                        ReportRules::evaluation));
    }

    /** @param contested whether steps with a second outcome are judged, or all others */
    private static Ruling report(Prediction p, Course course, boolean contested) {
        if (!course.isSelf(p.peer()) || p.previous().isEmpty()) {
            return Ruling.NOT_CONCERNED;
        }
        StepReport report = p.previous().get();
        if (report.step() >= p.step()) {
            return new Ruling.Broken("a report on step " + report.step(), "one on a step before " + p.step());
        }
        return course.isContestedOutcome(report.step()) != contested
                ? Ruling.NOT_CONCERNED
                : judged(report, p.incarnation(), course);
    }

    private static Ruling judged(StepReport report, long incarnation, Course course) {
        Optional<Batch> batch = course.batch(report.step());
        Optional<Prediction> published = course.prediction(incarnation, report.step());
        Optional<Outcome> outcome = course.observes() ? Optional.empty() : course.outcome(report.step());
        if (batch.isEmpty() || published.isEmpty() || (outcome.isEmpty() && !course.observes())) {
            return Ruling.NOT_CONCERNED;
        }
        List<Term> terms = terms(outcome, published.get(), course);
        boolean known = terms.stream().allMatch(term -> isKnown(term, published.get()));
        if (!known || !fits(published.get(), batch.get())) {
            // It depends on what the peer does not publish.
            return Ruling.NOT_CONCERNED;
        }
        Objective.Result right = Objective.of(
                batch.get().labels(),
                1,
                terms.stream().filter(ReportRules::isReported).toList(),
                published.get().tensors(),
                published.get().tensors(),
                outcome.flatMap(o -> place(o, published.get())),
                DType.FLOAT64);
        double close = tolerance(published.get(), terms);
        boolean kept = near(report.crossEntropy(), right.crossEntropy(), close)
                && near(report.distillation(), right.distillation(), close)
                && Math.abs(report.correct() - right.correct())
                        <= correctTolerance(
                                published.get().logits().dtype(), batch.get().rows())
                && report.taught() == !right.termLosses().isEmpty();
        return Ruling.of(
                kept,
                words(report.step(), report.crossEntropy(), report.distillation(), report.correct(), report.taught()),
                words(
                                report.step(),
                                right.crossEntropy(),
                                right.distillation(),
                                right.correct(),
                                !right.termLosses().isEmpty())
                        + ", computed from its published tensors");
    }

    private static boolean fits(Prediction published, Batch batch) {
        return published
                .logits()
                .shape()
                .equals(Ints.of(batch.rows(), batch.labels().classes()));
    }

    /** All terms that the peer uses. */
    private static List<Term> terms(Optional<Outcome> outcome, Prediction published, Course course) {
        List<Term> terms = new ArrayList<>();
        if (outcome.isPresent() && outcome.get().resolution() instanceof Outcome.Targets targets) {
            terms.addAll(targets.terms());
            if (place(outcome.get(), published).isPresent()) {
                terms.addAll(course.part(outcome.get()).map(Addressed::terms).orElse(List.of()));
            }
        }
        return terms;
    }

    private static Optional<Objective.Place> place(Outcome outcome, Prediction published) {
        List<Outcome.Contributor> contributors = outcome.contributors();
        for (int i = 0; i < contributors.size(); i++) {
            Outcome.Contributor c = contributors.get(i);
            if (c.peer().equals(published.peer()) && c.tensors().equals(published.digest())) {
                return Optional.of(new Objective.Place(i, contributors.size()));
            }
        }
        return Optional.empty();
    }

    private static boolean isKnown(Term term, Prediction published) {
        boolean ownTeacher = term instanceof Term.OwnTarget
                && published.tensors().find(TensorName.OWN_TEACHER).isEmpty();
        return !ownTeacher && !(term instanceof Term.OwnBranches);
    }

    private static boolean isReported(Term term) {
        return term instanceof Term.SoftTarget || term instanceof Term.OwnTarget;
    }

    private static double tolerance(Prediction published, List<Term> terms) {
        boolean half = published.tensors().asMap().values().stream().anyMatch(t -> t.dtype() == DType.FLOAT16);
        double scale = 1;
        for (Term term : terms) {
            if (term instanceof Term.SoftTarget soft) {
                scale += Math.abs(soft.weight()) * soft.temperature();
            }
        }
        return (half ? CLOSE_IN_HALF : CLOSE) * scale;
    }

    /** Rounding may change which of two nearly equal logits is the largest. */
    private static double correctTolerance(DType type, int rows) {
        return type == DType.FLOAT16 ? Math.max(1.0 / rows, CLOSE_IN_HALF) + CLOSE : CLOSE;
    }

    private static boolean near(double found, double right, double close) {
        return Math.abs(found - right) <= close * (1 + Math.abs(right));
    }

    private static String words(long step, double crossEntropy, double distillation, double correct, boolean taught) {
        return String.format(
                Locale.ROOT,
                "of step %d: cross_entropy %.6f, distillation %.6f, correct %.4f, taught %b",
                step,
                crossEntropy,
                distillation,
                correct,
                taught);
    }

    private static Ruling evaluation(Evaluation e, RecordedLog.Said record, Course course) {
        if (!e.source().equals(course.subject().peer().value())) {
            return Ruling.NOT_CONCERNED;
        }
        Optional<Batch> batch = course.batch(e.step());
        if (batch.isPresent() && batch.get().epoch() != e.epoch()) {
            return new Ruling.Broken(
                    "epoch " + e.epoch() + " at step " + e.step(),
                    "" + batch.get().epoch());
        }
        Optional<Tensor> logits = e.tensors().find(TensorName.LOGITS);
        boolean recorded = course.subject().experiment().recording().evaluationLogits();
        Ints labels = course.subject().manifest().testLabels();
        Ints shape = Ints.of(labels.size(), course.subject().manifest().classes());
        if (e.diverged() || !recorded) {
            return Ruling.KEPT;
        }
        if (logits.filter(t -> t.shape().equals(shape)).isEmpty()) {
            return new Ruling.Broken(
                    "logits " + logits.map(t -> t.shape().toString()).orElse("missing"),
                    shape + " (record.evaluation_logits)");
        }
        TestScore right = TestScore.of(logits.get(), labels);
        boolean half = logits.get().dtype() == DType.FLOAT16;
        return Ruling.of(
                Math.abs(e.accuracy() - right.accuracy())
                                <= correctTolerance(logits.get().dtype(), labels.size())
                        && near(e.crossEntropy(), right.crossEntropy(), half ? CLOSE_IN_HALF : CLOSE),
                String.format(Locale.ROOT, "accuracy %.4f, cross_entropy %.6f", e.accuracy(), e.crossEntropy()),
                String.format(
                        Locale.ROOT,
                        "accuracy %.4f, cross_entropy %.6f, computed from its logits",
                        right.accuracy(),
                        right.crossEntropy()));
    }
}
