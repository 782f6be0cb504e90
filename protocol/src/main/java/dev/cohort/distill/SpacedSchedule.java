package dev.cohort.distill;

/**
 * Which batch a student trains on when its teacher keeps ahead (spaced distillation). Batches and steps are numbered 1, 2, ...
 * over all epochs. The teacher trains on batch t at step t. After every {@link #interval}-th step there is a session: the student
 * trains on the batches since the last session, in order, as they were augmented, with the predictions that the teacher makes
 * now. With an interval of 0 the student trains after every step, with the prediction that the teacher made before its update,
 * which is plain online distillation. What no session follows is never used.
 *
 * <p>Source: Spaced KD, ICML 2025, official code SunGL001/Spaced-KD, {@code online_KD/train_space.py}.
 *
 * @param interval steps from session to session, not negative
 */
public record SpacedSchedule(long interval) {
    public SpacedSchedule {
        if (interval < 0) {
            throw new IllegalArgumentException("interval " + interval + " of sessions: must not be negative");
        }
    }

    /**
     * The schedule with an interval of {@code trunc(batchesPerEpoch rate)}.
     *
     * @param batchesPerEpoch at least 1
     * @param rate s, not negative
     */
    public static SpacedSchedule of(long batchesPerEpoch, double rate) {
        if (batchesPerEpoch < 1 || !(rate >= 0)) {
            throw new IllegalArgumentException("spaced schedule of " + batchesPerEpoch + " batches per epoch at rate "
                    + rate + ": must be at least 1 batch, and a rate that is not negative");
        }
        return new SpacedSchedule((long) (batchesPerEpoch * rate));
    }

    /** Whether the student trains after the teacher's update {@code step}. */
    public boolean isSession(long step) {
        requireNumber("step", step);
        return interval == 0 || step % interval == 0;
    }

    /** The first batch of the session after {@code step}; the last one is that of the step itself. */
    public long firstBatch(long step) {
        if (!isSession(step)) {
            throw new IllegalArgumentException(
                    "step " + step + ": must be a multiple of " + interval + ", else it has no session");
        }
        return interval == 0 ? step : step - interval + 1;
    }

    /** The step after which the student trains on a batch. */
    public long sessionOf(long batch) {
        requireNumber("batch", batch);
        return interval == 0 ? batch : (batch + interval - 1) / interval * interval;
    }

    /** How many updates the teacher has made when it predicts a batch for its student. */
    public long teacherUpdates(long batch) {
        return interval == 0 ? batch - 1 : sessionOf(batch);
    }

    /** Whether the student trains on a batch before the run ends. */
    public boolean isUsed(long batch, long steps) {
        return sessionOf(batch) <= steps;
    }

    /**
     * The mean over the student's updates of the teacher's updates less the number of the batch. The lead falls from {@code
     * interval - 1} to 0 in each session.
     */
    public double meanLead() {
        return interval == 0 ? -1 : (interval - 1) / 2.0;
    }

    private static void requireNumber(String name, long number) {
        if (number < 1) {
            throw new IllegalArgumentException(name + " " + number + ": must be at least 1, the first one");
        }
    }
}
