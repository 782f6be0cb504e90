package dev.cohort.experiment;

import java.util.ArrayList;
import java.util.List;

/** Collects the problems of an experiment, so that all are reported at once. */
public final class Problems {
    private final List<String> found = new ArrayList<>();

    /** Adds a problem unless {@code ok}: path, value, and what the value must be. */
    public void require(boolean ok, String path, Object value, String must) {
        if (!ok) {
            found.add(path + ": " + value + ": must be " + must);
        }
    }

    public void add(String path, String what) {
        found.add(path + ": " + what);
    }

    /** All problems, in the order in which they were added. */
    public List<String> found() {
        return List.copyOf(found);
    }

    public boolean none() {
        return found.isEmpty();
    }
}
