package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.StepAssembly;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Admits newcomers once they keep up and are nearly as accurate as the contributors, so that fresh weights do not spoil the
 * teacher: {@code elastic.admit}.
 *
 * <p>Accuracy is a moving mean over the predictions in the log, on the training batches that both sides predicted. Coordinators
 * may admit a newcomer at different steps without harm, because an outcome names its contributors.
 */
public final class Admission {
    /** A prediction up to this many steps behind the open step is still measured. */
    private static final int MEASURED_STEPS = 16;
    /** A newcomer up to this many steps behind the open step is admitted; the others wait for it from then on. */
    private static final int BEHIND_MAX = 2;
    /** Weight of the newest step in a moving mean. */
    private static final double NEWEST = 0.1;

    private final Experiment.Elastic elastic;
    private final Members members;
    private final Membership membership;
    private final StepAssembly assembly;
    private final SortedMap<Long, Closed> recent = new TreeMap<>();
    private final SortedMap<PeerId, Course> courses = new TreeMap<>();

    /** A closed step, without pixels, and the mean accuracy of its contributors; empty without contributors. */
    private record Closed(Batch batch, OptionalDouble accuracy) {}

    /**
     * The record of a candidate.
     *
     * @param incarnation start of the peer that the record is about
     * @param steps number of steps predicted near the head
     * @param step the last of them
     * @param compared number of steps with contributors to compare it with
     * @param own its moving accuracy at those steps, 0..1
     * @param others moving mean accuracy of the contributors at those steps, 0..1
     */
    private record Course(long incarnation, long steps, long step, long compared, double own, double others) {
        Course and(long nextStep, double accuracy, OptionalDouble ofOthers) {
            boolean comparable = ofOthers.isPresent();
            double share = Math.max(NEWEST, 1.0 / (compared + 1));
            return new Course(
                    incarnation,
                    steps + 1,
                    nextStep,
                    compared + (comparable ? 1 : 0),
                    comparable ? own + share * (accuracy - own) : own,
                    comparable ? others + share * (ofOthers.getAsDouble() - others) : others);
        }
    }

    public Admission(Experiment.Elastic elastic, Members members, Membership membership, StepAssembly assembly) {
        this.elastic = elastic;
        this.members = members;
        this.membership = membership;
        this.assembly = assembly;
    }

    /** Measures candidates at a step that was just applied; the assembly still holds its predictions. */
    public void applied(Batch batch, Outcome outcome, long nowMs) {
        membership.contributed(outcome, nowMs);
        List<Member> candidates = members.candidates();
        if (candidates.isEmpty()) {
            recent.clear();
            courses.clear();
            return;
        }
        Closed closed = new Closed(batch, accuracy(batch, outcome));
        recent.put(batch.step(), closed);
        recent.headMap(batch.step() - MEASURED_STEPS + 1).clear();
        for (Member candidate : candidates) {
            assembly.entry(batch.step(), candidate)
                    .filter(StepAssembly.Entry::good)
                    .ifPresent(e -> measured(candidate, e.prediction(), closed, batch.step(), nowMs));
        }
    }

    /** Measures a candidate that is a little behind, from its prediction for a closed step. */
    public void predictedClosed(Prediction prediction, long applied, long nowMs) {
        Optional<Closed> closed = Optional.ofNullable(recent.get(prediction.step()));
        Optional<Member> candidate = members.find(prediction.peer()).filter(Member::candidate);
        if (closed.isPresent()
                && candidate.isPresent()
                && assembly.check(prediction, candidate.get(), closed.get().batch())
                        .good()) {
            measured(candidate.get(), prediction, closed.get(), applied, nowMs);
        }
    }

    private void measured(Member candidate, Prediction prediction, Closed closed, long applied, long nowMs) {
        Course before = Optional.ofNullable(courses.get(candidate.peer()))
                .filter(c -> c.incarnation() == candidate.incarnation())
                .orElse(new Course(candidate.incarnation(), 0, 0, 0, 0, 0));
        if (prediction.step() <= before.step()) {
            return;
        }
        double accuracy = accuracy(closed.batch().labels(), prediction.logits());
        Course course = before.and(prediction.step(), accuracy, closed.accuracy());
        courses.put(candidate.peer(), course);
        if (candidate.there()) {
            Optional<String> why = refusal(course, applied);
            why.ifPresentOrElse(
                    reason -> membership.notYet(candidate.peer(), reason),
                    () -> membership.admit(candidate.peer(), admitted(course), nowMs));
        }
    }

    private Optional<String> refusal(Course course, long applied) {
        if (course.steps() < elastic.admitAfterSteps()) {
            return Optional.of("candidate, at the head for fewer than " + elastic.admitAfterSteps()
                    + " steps (elastic.admit.after_steps)");
        }
        if (course.own() < elastic.admitAccuracyRatio() * course.others()) {
            return Optional.of("candidate, with a training accuracy of " + percent(course.own()) + ": must be "
                    + elastic.admitAccuracyRatio() + " times the " + percent(course.others())
                    + " of the contributors (elastic.admit.accuracy_ratio)");
        }
        return course.step() < applied - BEHIND_MAX
                ? Optional.of("candidate, more than " + BEHIND_MAX + " steps behind the head")
                : Optional.empty();
    }

    private static String admitted(Course course) {
        return course.compared() == 0
                ? "admitted: no contributor to compare it with"
                : "admitted: training accuracy " + percent(course.own()) + ", the contributors' "
                        + percent(course.others());
    }

    /** Rounded to tens, because every change of the reason is published. */
    private static String percent(double share) {
        return String.format(Locale.ROOT, "%d %%", 10 * Math.round(10 * share));
    }

    private OptionalDouble accuracy(Batch batch, Outcome outcome) {
        double sum = 0;
        for (Outcome.Contributor contributor : outcome.contributors()) {
            Prediction prediction =
                    assembly.named(batch.step(), contributor).orElseThrow().prediction();
            sum += accuracy(batch.labels(), prediction.logits());
        }
        int contributors = outcome.contributors().size();
        return contributors == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / contributors);
    }

    /** Share of rows whose largest logit is the label of largest weight, 0..1. */
    private static double accuracy(SoftLabels labels, Tensor logits) {
        double[] predicted = logits.toDoubles();
        double[] right = labels.dense();
        int correct = 0;
        for (int start = 0; start < predicted.length; start += labels.classes()) {
            correct += largest(predicted, start, labels.classes()) == largest(right, start, labels.classes()) ? 1 : 0;
        }
        return (double) correct / labels.rows();
    }

    private static int largest(double[] values, int start, int count) {
        int largest = 0;
        for (int i = 1; i < count; i++) {
            largest = values[start + i] > values[start + largest] ? i : largest;
        }
        return largest;
    }
}
