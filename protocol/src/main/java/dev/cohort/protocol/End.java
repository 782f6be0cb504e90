package dev.cohort.protocol;

/**
 * No batch follows {@code lastStep}. On the topic of the batches, by the augmenter.
 *
 * @param lastStep the last batch of the run, 0 if there was none
 * @param reason "planned", or why it came earlier
 */
public record End(long lastStep, String reason) implements Message {
    public End {
        Sayable.atLeast(0, lastStep, "last step");
        reason = Sayable.forPeople(reason);
    }
}
