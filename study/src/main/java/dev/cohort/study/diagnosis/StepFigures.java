package dev.cohort.study.diagnosis;

import dev.cohort.distill.Objective;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.study.RecordedSteps;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Figures of the predictions and targets of a step. A row is right if its largest logit is at the label of largest weight.
 *
 * @param correct share of rows on which each contributor is right, 0..1
 * @param disagreement mean over the pairs of contributors of the share of rows with different largest logits
 * @param teacherCorrect share of rows on which the first soft target for all rows is right
 * @param pull of labels and soft targets on the logits; empty if a step has only one of them
 */
record StepFigures(
        SortedMap<PeerId, Double> correct, double disagreement, OptionalDouble teacherCorrect, Optional<Pull> pull) {
    /**
     * Norms of the gradients of the labels and of the soft targets with respect to the logits, mean over the contributors.
     */
    record Pull(double labels, double distillation) {}

    /** Mean over the contributors; empty without any. */
    OptionalDouble meanCorrect() {
        return correct.values().stream().mapToDouble(Double::doubleValue).average();
    }

    /** The figures of a step; empty if it is not complete in the log, or has no contributors. */
    static Optional<StepFigures> of(RecordedSteps.Step step) {
        if (!step.whole() || step.outcome().contributors().isEmpty()) {
            return Optional.empty();
        }
        Batch batch = step.batch().orElseThrow();
        int classes = batch.labels().classes();
        int[] labels = largest(batch.labels().dense(), classes);
        SortedMap<PeerId, Double> correct = new TreeMap<>();
        List<int[]> chosen = new ArrayList<>();
        for (Outcome.Contributor contributor : step.outcome().contributors()) {
            Optional<Tensor> logits = logits(step, contributor.peer());
            if (logits.isPresent()) {
                int[] predicted = largest(logits.get().toDoubles(), classes);
                chosen.add(predicted);
                correct.put(contributor.peer(), equal(predicted, labels));
            }
        }
        Optional<Outcome.Targets> targets =
                step.outcome().resolution() instanceof Outcome.Targets t ? Optional.of(t) : Optional.empty();
        OptionalDouble teacher = targets.stream()
                .flatMap(t -> t.terms().stream())
                .filter(Term.SoftTarget.class::isInstance)
                .map(t -> ((Term.SoftTarget) t).values())
                .filter(values -> values.size() == labels.length * classes)
                .mapToDouble(values -> equal(largest(values.toDoubles(), classes), labels))
                .findFirst();
        return Optional.of(
                new StepFigures(correct, disagreement(chosen), teacher, targets.flatMap(t -> pull(step, batch, t))));
    }

    private static Optional<Tensor> logits(RecordedSteps.Step step, PeerId peer) {
        return step.prediction(peer).flatMap(p -> p.tensors().find(TensorName.LOGITS));
    }

    private static int[] largest(double[] values, int classes) {
        int[] largest = new int[values.length / classes];
        for (int row = 0; row < largest.length; row++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = values[row * classes + c] > values[row * classes + best] ? c : best;
            }
            largest[row] = best;
        }
        return largest;
    }

    private static double equal(int[] one, int[] other) {
        int equal = 0;
        for (int row = 0; row < one.length; row++) {
            equal += one[row] == other[row] ? 1 : 0;
        }
        return one.length == 0 ? 0 : (double) equal / one.length;
    }

    private static double disagreement(List<int[]> chosen) {
        double sum = 0;
        int pairs = 0;
        for (int i = 0; i < chosen.size(); i++) {
            for (int j = i + 1; j < chosen.size(); j++) {
                sum += 1 - equal(chosen.get(i), chosen.get(j));
                pairs++;
            }
        }
        return pairs == 0 ? 0 : sum / pairs;
    }

    private static Optional<Pull> pull(RecordedSteps.Step step, Batch batch, Outcome.Targets targets) {
        boolean comparable =
                targets.labelWeight() > 0 && targets.terms().stream().anyMatch(StepFigures::distils);
        if (!comparable) {
            return Optional.empty();
        }
        double labels = 0;
        double distillation = 0;
        List<Outcome.Contributor> contributors = step.outcome().contributors();
        for (int i = 0; i < contributors.size(); i++) {
            PeerId peer = contributors.get(i).peer();
            List<Term> soft = new ArrayList<>(targets.terms());
            Optional.ofNullable(step.parts().get(peer)).ifPresent(part -> soft.addAll(part.terms()));
            soft.removeIf(term -> !distils(term));
            labels += norm(step, batch, peer, i, targets.labelWeight(), List.of());
            distillation += norm(step, batch, peer, i, 0, soft);
        }
        return Optional.of(new Pull(labels / contributors.size(), distillation / contributors.size()));
    }

    /** Whether the target can be computed without tensors that only the peer has. */
    private static boolean distils(Term term) {
        return term instanceof Term.SoftTarget soft && soft.vote() != Term.Vote.OWN_TEACHER_LEFT_OUT;
    }

    private static double norm(
            RecordedSteps.Step step, Batch batch, PeerId peer, int index, double labelWeight, List<Term> terms) {
        Prediction prediction = step.prediction(peer).orElseThrow();
        double[] gradient = Objective.of(
                        batch.labels(),
                        labelWeight,
                        terms,
                        NamedTensors.of(TensorName.LOGITS, prediction.logits()),
                        prediction.tensors(),
                        Optional.of(new Objective.Place(
                                index, step.outcome().contributors().size())),
                        DType.FLOAT64)
                .logitsGradient()
                .toDoubles();
        double squares = 0;
        for (double g : gradient) {
            squares += g * g;
        }
        return StrictMath.sqrt(squares);
    }
}
