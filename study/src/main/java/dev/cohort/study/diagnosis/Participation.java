package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Checks that every contributor of the experiment contributes, and that every step has a teacher. */
final class Participation implements Rule {
    static final long STEPS_MIN = 20;
    /** Share of the steps to which a peer must contribute. */
    static final double SHARE_MIN = 0.5;

    static final double SHARE_SEVERE = 0.1;
    static final double UNTAUGHT_MAX = 0.05;

    private static final String SUBJECT = "participation";

    private final SortedMap<PeerId, Long> steps = new TreeMap<>();
    private final SortedSet<PeerId> left = new TreeSet<>();
    private long all;
    private long tooFew;
    private long firstTooFew;
    private long lastTooFew;
    private long notFinite;

    /** @param contributors that the experiment names */
    Participation(Collection<PeerId> contributors) {
        contributors.forEach(peer -> steps.put(peer, 0L));
    }

    @Override
    public void record(RecordedLog.Said record) {
        if (record.message() instanceof Draining draining) {
            left.add(draining.peer());
        } else if (record.message() instanceof Left message && !message.reason().equals(Left.FINISHED)) {
            left.add(message.peer());
        }
    }

    @Override
    public void outcome(Outcome outcome) {
        boolean skipped = outcome.resolution() instanceof Outcome.Skipped;
        if (outcome.resolution() instanceof Outcome.Skipped skip && skip.reason() != Outcome.SkipReason.TOO_FEW) {
            notFinite += skip.reason() == Outcome.SkipReason.NOT_FINITE ? 1 : 0;
            return;
        }
        all++;
        outcome.contributors().forEach(c -> steps.computeIfPresent(c.peer(), (peer, count) -> count + 1));
        if (skipped) {
            tooFew++;
            firstTooFew = firstTooFew == 0 ? outcome.step() : firstTooFew;
            lastTooFew = outcome.step();
        }
    }

    @Override
    public Opinion opinion() {
        List<Diagnosis> found = new ArrayList<>();
        if (notFinite > 0) {
            found.add(new Diagnosis(
                    "the teacher's targets are not finite",
                    Severity.SEVERE,
                    notFinite + " steps have no targets for that reason",
                    "optimizer.learning_rate, wire.logits",
                    "lower the learning rate, or send the logits in a wider type (wire.logits=fp32)"));
        }
        if (all == 0) {
            return Opinion.of(SUBJECT, found);
        }
        if (all < STEPS_MIN) {
            return found.isEmpty() ? Opinion.tooShort(SUBJECT, all, STEPS_MIN) : Opinion.of(SUBJECT, found);
        }
        steps.forEach((peer, count) -> {
            double share = (double) count / all;
            if (share < SHARE_MIN && !left.contains(peer)) {
                found.add(new Diagnosis(
                        "peer " + peer + " rarely contributes",
                        share < SHARE_SEVERE ? Severity.SEVERE : Severity.WARNING,
                        count + " of " + all + " outcomes name it (" + Words.percent(share) + ")",
                        "pace.deadline_ms, peers[].device, peers[].model",
                        "give it more time, a faster device or a smaller model; 'cohort timeline' shows when and why it was"
                                + " not waited for"));
            }
        });
        if (tooFew > UNTAUGHT_MAX * all) {
            found.add(
                    new Diagnosis(
                            "steps without a teacher",
                            Severity.WARNING,
                            tooFew + " of " + all
                                    + " steps had fewer contributors than the method needs, the first at step "
                                    + firstTooFew + ", the last at step " + lastTooFew,
                            "elastic.min, pace.on_loss",
                            "let the run pause until it has enough peers (elastic.min), or wait for lost peers (pace.on_loss=hold)"));
        }
        return Opinion.of(SUBJECT, found);
    }
}
