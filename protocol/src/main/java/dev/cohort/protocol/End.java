package dev.cohort.protocol;

/**
 * No batch follows {@code lastStep}. Published by the augmenter on the topic of the batches.
 *
 * @param lastStep the last batch of the run, 0 if the run has none
 * @param reason "planned", or why the run ends earlier
 */
public record End(long lastStep, String reason) implements Message {
    public End {
        Sayable.atLeast(0, lastStep, "last step");
        reason = Sayable.forPeople(reason);
    }
}
