package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Checks whether outcomes are computed from predictions of stale weights. */
final class Staleness implements Rule {
    static final long STEPS_MIN = 20;
    /** Updates that the weights of a contributor may lack on average. */
    static final double UPDATES_MAX = 2;

    private static final String SUBJECT = "staleness";

    private static final class Sum {
        private long steps;
        private long updates;
        private long most;
        private long mostAt;
    }

    private final SortedMap<PeerId, Sum> sums = new TreeMap<>();
    private long steps;

    @Override
    public void outcome(Outcome outcome) {
        steps++;
        for (Outcome.Contributor contributor : outcome.contributors()) {
            Sum sum = sums.computeIfAbsent(contributor.peer(), p -> new Sum());
            long lacks = Math.max(0, outcome.step() - 1 - contributor.version());
            sum.steps++;
            sum.updates += lacks;
            if (lacks > sum.most) {
                sum.most = lacks;
                sum.mostAt = outcome.step();
            }
        }
    }

    @Override
    public Opinion opinion() {
        if (steps < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        List<Diagnosis> found = new ArrayList<>();
        sums.forEach((peer, sum) -> {
            double mean = (double) sum.updates / sum.steps;
            if (mean > UPDATES_MAX) {
                found.add(new Diagnosis(
                        "peer " + peer + " teaches with old weights",
                        Severity.WARNING,
                        "its weights lack " + Words.number(mean) + " updates on average, at most " + sum.most
                                + " (step " + sum.mostAt + ")",
                        "pace.mode, pace.k",
                        "allow fewer steps in flight, or wait for each update (pace.mode=strict)"));
            }
        });
        return Opinion.of(SUBJECT, found);
    }
}
