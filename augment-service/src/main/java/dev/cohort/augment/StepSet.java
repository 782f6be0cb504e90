package dev.cohort.augment;

import java.util.SortedSet;
import java.util.TreeSet;

/** Steps, nearly all of them in a row from 1: memory grows with the gaps, not with the steps. */
final class StepSet {
    private final SortedSet<Long> beyond = new TreeSet<>();
    private long upTo;

    /** Adds a step; false when it was there. */
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

    /** The largest step up to which none is missing, 0 if step 1 is. */
    long upTo() {
        return upTo;
    }

    /** The largest step, 0 if there is none. */
    long last() {
        return beyond.isEmpty() ? upTo : beyond.last();
    }
}
