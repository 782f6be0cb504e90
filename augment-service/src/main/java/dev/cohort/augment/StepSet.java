package dev.cohort.augment;

import java.util.SortedSet;
import java.util.TreeSet;

/** A set of steps, nearly all consecutive from 1: memory grows with the steps after the first gap. */
final class StepSet {
    private final SortedSet<Long> beyond = new TreeSet<>();
    private long upTo;

    /** Adds a step; false if the set already has it. */
    boolean add(long step) {
        if (contains(step)) {
            return false;
        }
        beyond.add(step);
        while (!beyond.isEmpty() && beyond.first() == upTo + 1) {
            upTo++;
            beyond.remove(upTo);
        }
        return true;
    }

    boolean contains(long step) {
        return step <= upTo || beyond.contains(step);
    }

    /** The largest step up to which none is missing, 0 if step 1 is missing. */
    long upTo() {
        return upTo;
    }

    /** The largest step, 0 if the set is empty. */
    long last() {
        return beyond.isEmpty() ? upTo : beyond.last();
    }
}
