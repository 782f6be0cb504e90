package dev.cohort.study.diagnosis;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reports peers that miss deadlines, are lost repeatedly, or were set aside. */
final class MembershipChanges implements Rule {
    static final int MISSES_MIN = 3;
    static final int LOSSES_MIN = 3;

    private static final String SUBJECT = "membership";

    private static final class Sum {
        private Standing now = Standing.EXPECTED;
        private int missed;
        private int lost;
        private long firstStep;
        private long lastStep;
        private boolean setAside;
        private String why = "";
    }

    private final SortedMap<PeerId, Sum> sums = new TreeMap<>();

    @Override
    public void record(RecordedLog.Said record) {
        if (!(record.message() instanceof StandingChange change)) {
            return;
        }
        Sum sum = sums.computeIfAbsent(change.peer(), p -> new Sum());
        if (sum.now == change.standing()) {
            return; // Another coordinator may publish the same change.
        }
        // A peer that was gone comes back as "lagging".
        boolean missed = change.standing() == Standing.LAGGING && sum.now == Standing.LIVE;
        boolean lost = change.standing() == Standing.GONE;
        sum.missed += missed ? 1 : 0;
        sum.lost += lost ? 1 : 0;
        sum.setAside |= change.standing() == Standing.SET_ASIDE;
        if (missed || lost || change.standing() == Standing.SET_ASIDE) {
            sum.firstStep = sum.firstStep == 0 ? change.step() : sum.firstStep;
            sum.lastStep = change.step();
            sum.why = change.why();
        }
        sum.now = change.standing();
    }

    @Override
    public Opinion opinion() {
        List<Diagnosis> found = new ArrayList<>();
        sums.forEach((peer, sum) -> {
            String when = "steps " + sum.firstStep + " to " + sum.lastStep + "; the last: " + sum.why;
            if (sum.setAside) {
                found.add(new Diagnosis(
                        "peer " + peer + " was set aside",
                        Severity.SEVERE,
                        when,
                        "'cohort join'",
                        "fix the reason why its predictions were rejected, then let it join again"));
            }
            if (sum.missed >= MISSES_MIN) {
                found.add(new Diagnosis(
                        "peer " + peer + " misses deadlines",
                        Severity.WARNING,
                        sum.missed + " times, " + when,
                        "pace.deadline_ms",
                        "give it more time, a faster device or a smaller model"));
            }
            if (sum.lost >= LOSSES_MIN) {
                found.add(new Diagnosis(
                        "peer " + peer + " is lost again and again",
                        Severity.WARNING,
                        sum.lost + " times, " + when,
                        "elastic.cooldown_ms, pace.gone_after_ms",
                        "see its log for the cause; with a longer cool-down it does not hold up the others"));
            }
        });
        return Opinion.of(SUBJECT, found);
    }
}
