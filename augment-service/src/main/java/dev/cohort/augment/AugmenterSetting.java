package dev.cohort.augment;

import dev.cohort.experiment.Experiment;

/**
 * The settings of an augmenter besides its plan.
 *
 * @param aheadMax steps that may be sent beyond the last one up to which all are resolved: those in flight and the prefetch
 * @param parts number of outcomes that resolve a step
 * @param pixels whether batches carry the rendered pixels
 * @param resendMs time after which a message that has not appeared in the log is sent again
 * @param settleMs time without sending after a batch of another process is read: a restarted augmenter must not send batches that
 *     it is about to read from the log
 */
public record AugmenterSetting(int aheadMax, int parts, boolean pixels, long resendMs, long settleMs) {
    private static final long RESEND_MS = 2_000;
    private static final long SETTLE_MS = 100;

    public AugmenterSetting {
        if (aheadMax < 1 || parts < 1 || resendMs < 1 || settleMs < 0) {
            throw new IllegalArgumentException("augmenter with " + aheadMax + " steps ahead, " + parts
                    + " parts, resend after " + resendMs + " ms, settle for " + settleMs
                    + " ms: must be at least 1, 1, 1 and 0");
        }
    }

    public static AugmenterSetting of(Experiment experiment) {
        Experiment.Pace pace = experiment.pace();
        int inFlight = switch (pace.mode()) {
            case STRICT, INTERLEAVED -> 1;
            case PIPELINED, FREE -> Math.max(1, pace.k());
        };
        int parts = pace.mode() == Experiment.Pace.Mode.INTERLEAVED ? Math.max(1, pace.parts()) : 1;
        boolean pixels = experiment.data().mode() == Experiment.Data.Delivery.PIXELS;
        return new AugmenterSetting(inFlight + pace.prefetch(), parts, pixels, RESEND_MS, SETTLE_MS);
    }
}
