package dev.cohort.peer;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.StepReport;
import java.util.Optional;

/**
 * Measures how a peer spends its time, without reading a clock: after heavy work the peer asks for another call at once, so the
 * time between two calls is either that work or waiting.
 */
final class TimeUse {
    /** How the time up to the next call is spent. */
    enum Use {
        COMPUTING,
        WAITING,
        EVALUATING
    }

    private Use use = Use.WAITING;
    private boolean updated;
    private long lastMs = Long.MIN_VALUE;
    private long firstUpdateMs = Long.MIN_VALUE;
    private long lastUpdateMs;
    private long waitedMs;
    private long waitedAtUpdateMs;
    private long evaluatedMs;
    private long evaluatedAtUpdateMs;
    private long images;
    private int imagesOfUpdate;
    private String waitedFor = "";
    private long waitedForSinceMs = Long.MIN_VALUE;

    /** A call begins. */
    void tick(long nowMs) {
        if (lastMs != Long.MIN_VALUE && firstUpdateMs != Long.MIN_VALUE) {
            waitedMs += use == Use.WAITING ? nowMs - lastMs : 0;
            evaluatedMs += use == Use.EVALUATING ? nowMs - lastMs : 0;
        }
        if (updated) {
            if (firstUpdateMs == Long.MIN_VALUE) {
                firstUpdateMs = nowMs;
            } else {
                images += imagesOfUpdate;
            }
            lastUpdateMs = nowMs;
            waitedAtUpdateMs = waitedMs;
            evaluatedAtUpdateMs = evaluatedMs;
            updated = false;
        }
        use = Use.WAITING;
        lastMs = nowMs;
    }

    /** Since when the peer has waited for {@code what}; since this call if it waited for something else before. */
    long since(String what) {
        if (!what.equals(waitedFor) || waitedForSinceMs == Long.MIN_VALUE) {
            waitedFor = what;
            waitedForSinceMs = lastMs;
        }
        return waitedForSinceMs;
    }

    /** This call did heavy work; the next comes at once. */
    void spent(Use heavy) {
        use = heavy;
    }

    /** This call made an update of {@code rows} images. */
    void updated(int rows) {
        updated = true;
        imagesOfUpdate = rows;
        use = Use.COMPUTING;
    }

    /** Whether the next call must come at once for the figures to be right. */
    boolean wantsCall() {
        return use != Use.WAITING;
    }

    private double trainingMs() {
        return Math.max(0, lastUpdateMs - firstUpdateMs - evaluatedAtUpdateMs);
    }

    /** Images trained after the first update / time since, evaluation excluded; 0 before the second update. */
    double imagesPerSecond() {
        return firstUpdateMs == Long.MIN_VALUE || trainingMs() <= 0 ? 0 : images * 1000.0 / trainingMs();
    }

    /** Share of that time spent waiting, 0..1. */
    double waitShare() {
        return firstUpdateMs == Long.MIN_VALUE || trainingMs() <= 0 ? 0 : Math.min(1, waitedAtUpdateMs / trainingMs());
    }

    /** @param last report on an update, if one was made */
    Heartbeat.Figures figures(Optional<StepReport> last) {
        return new Heartbeat.Figures(
                imagesPerSecond(),
                waitShare(),
                last.map(StepReport::crossEntropy).orElse(0.0),
                last.map(StepReport::distillation).orElse(0.0),
                last.map(StepReport::correct).orElse(0.0));
    }
}
