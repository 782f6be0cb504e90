package dev.cohort.study;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.runtime.RecordedLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The worth of each contributor to the ensemble in the last steps of a run, on the training batches and their mixed labels.
 *
 * <pre>
 * ensemble of a step: mean_j p_j over its contributors      without i: mean_{j != i} p_j
 * difference of i: mean over i's steps s of d_s = with_s - without_s
 * standard error: sd(d_s) / sqrt(steps), so images of one batch are not treated as independent
 * </pre>
 *
 * A step counts if it has at least two contributors and the predictions of all of them are in the log.
 *
 * @param fromStep first step that counts; 0 if none does
 * @param toStep last step that counts
 * @param steps how many count
 * @param members in the order of their names
 */
public record RecentWorth(long fromStep, long toStep, int steps, List<Member> members) {
    /** With fewer steps, a peer is not judged. */
    public static final int STEPS_MIN = 20;

    /**
     * Standard errors up to which a difference may be noise. Two figures of several peers are examined, repeatedly: two standard
     * errors would be exceeded by chance too often.
     */
    public static final double NOISE = 3;

    public RecentWorth {
        members = List.copyOf(members);
    }

    /**
     * A contributor.
     *
     * @param steps in which it contributed, of those that count
     * @param present whether it contributed to the last of them
     * @param ownAccuracy 0..1, of its own probabilities
     * @param ownLoss NLL of its own probabilities
     * @param accuracy of the ensemble, 0..1
     * @param loss NLL of the ensemble
     */
    public record Member(
            String peer,
            int steps,
            boolean present,
            double ownAccuracy,
            double ownLoss,
            Difference accuracy,
            Difference loss) {
        /** Whether, beyond the noise, the ensemble is better without it in one figure and not worse in the other. */
        public boolean burdens() {
            boolean better = (accuracy.difference() < 0 && clear(accuracy)) || (loss.difference() > 0 && clear(loss));
            boolean worse = (accuracy.difference() > 0 && clear(accuracy)) || (loss.difference() < 0 && clear(loss));
            return better && !worse;
        }

        private boolean clear(Difference of) {
            return steps >= STEPS_MIN
                    && of.standardError().isPresent()
                    && Math.abs(of.difference()) > NOISE * of.standardError().getAsDouble();
        }
    }

    /**
     * A figure of the ensemble with a peer and without it.
     *
     * @param standardError of the difference; empty for a single step
     */
    public record Difference(double with, double without, OptionalDouble standardError) {
        public double difference() {
            return with - without;
        }
    }

    /** The present peer that burdens the ensemble most, if any does. */
    public Optional<Member> burden() {
        return members.stream().filter(m -> m.present() && m.burdens()).min(BY_WORTH);
    }

    /** The present peer that would be missed least; empty if there is none, or if a present peer has too few steps. */
    public Optional<Member> leastMissed() {
        List<Member> present = members.stream().filter(Member::present).toList();
        return present.stream().allMatch(m -> m.steps() >= STEPS_MIN)
                ? present.stream().min(BY_WORTH)
                : Optional.empty();
    }

    private static final Comparator<Member> BY_WORTH = Comparator.comparingDouble(
                    (Member m) -> m.accuracy().difference())
            .thenComparingDouble(m -> -m.loss().difference());

    /**
     * Reads the log, once, and keeps its last steps.
     *
     * @param classes number of classes
     * @param stepsMax largest number of steps that count, at least 1
     */
    public static RecentWorth of(RecordedLog log, int classes, int stepsMax) {
        if (stepsMax < 1) {
            throw new IllegalArgumentException("window of " + stepsMax + " steps: must be at least 1");
        }
        ArrayDeque<Measured> window = new ArrayDeque<>();
        try (RecordedSteps recorded = new RecordedSteps(log, damaged -> {})) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                measured(next.get(), classes).ifPresent(window::addLast);
                if (window.size() > stepsMax) {
                    window.removeFirst();
                }
            }
        }
        return window.isEmpty() ? new RecentWorth(0, 0, 0, List.of()) : of(List.copyOf(window));
    }

    /** The samples of one step, by peer. */
    private record Measured(long step, SortedMap<String, Sample> samples) {}

    /** Scores in one step: of a peer, and of the ensemble with and without it. */
    private record Sample(Score own, Score with, Score without) {}

    private static Optional<Measured> measured(RecordedSteps.Step step, int classes) {
        int contributors = step.outcome().contributors().size();
        if (step.batch().isEmpty() || contributors < 2 || step.said().size() != contributors) {
            return Optional.empty();
        }
        SoftLabels labels = step.batch().get().labels();
        TreeMap<PeerId, double[]> each = new TreeMap<>();
        step.said()
                .forEach((peer, record) -> each.put(
                        peer,
                        Softmax.probabilities(
                                ((Prediction) record.message()).logits().toDoubles(), classes, 1)));
        if (each.values().stream().anyMatch(p -> p.length != labels.rows() * classes)) {
            return Optional.empty();
        }
        Score with = score(mean(each, Optional.empty()), labels);
        SortedMap<String, Sample> samples = new TreeMap<>();
        each.forEach((peer, own) -> samples.put(
                peer.value(), new Sample(score(own, labels), with, score(mean(each, Optional.of(peer)), labels))));
        return Optional.of(new Measured(step.step(), samples));
    }

    private static double[] mean(SortedMap<PeerId, double[]> each, Optional<PeerId> without) {
        double[] mean = new double[each.values().iterator().next().length];
        int count = each.size() - (without.isPresent() ? 1 : 0);
        each.forEach((peer, p) -> {
            for (int k = 0; k < mean.length && !without.equals(Optional.of(peer)); k++) {
                mean[k] += p[k] / count;
            }
        });
        return mean;
    }

    private static Score score(double[] probabilities, SoftLabels labels) {
        Score score = new Score();
        score.add(probabilities, labels);
        return score;
    }

    private static RecentWorth of(List<Measured> window) {
        SortedSet<String> peers = new TreeSet<>();
        window.forEach(m -> peers.addAll(m.samples().keySet()));
        Measured last = window.get(window.size() - 1);
        List<Member> members = new ArrayList<>();
        for (String peer : peers) {
            List<Sample> samples = window.stream()
                    .flatMap(m -> Optional.ofNullable(m.samples().get(peer)).stream())
                    .toList();
            members.add(new Member(
                    peer,
                    samples.size(),
                    last.samples().containsKey(peer),
                    mean(samples, s -> s.own().accuracy()),
                    mean(samples, s -> s.own().negativeLogLikelihood()),
                    difference(samples, Score::accuracy),
                    difference(samples, Score::negativeLogLikelihood)));
        }
        return new RecentWorth(window.get(0).step(), last.step(), window.size(), members);
    }

    private interface Figure<T> {
        double of(T scored);
    }

    private static double mean(List<Sample> samples, Figure<Sample> figure) {
        return samples.stream().mapToDouble(figure::of).average().orElse(0);
    }

    private static Difference difference(List<Sample> samples, Figure<Score> figure) {
        double with = mean(samples, s -> figure.of(s.with()));
        double without = mean(samples, s -> figure.of(s.without()));
        double squares = samples.stream()
                .mapToDouble(s -> figure.of(s.with()) - figure.of(s.without()) - (with - without))
                .map(d -> d * d)
                .sum();
        int steps = samples.size();
        return new Difference(
                with,
                without,
                steps < 2 ? OptionalDouble.empty() : OptionalDouble.of(StrictMath.sqrt(squares / (steps - 1) / steps)));
    }
}
