package dev.cohort.experiment;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with an experiment, so that everything is reported at once. */
public final class Problems {
    private final List<String> found = new ArrayList<>();

    /** Notes a problem unless {@code ok}: path, value, and what it must be. */
    public void require(boolean ok, String path, Object value, String must) {
        if (!ok) {
            found.add(path + ": " + value + ": must be " + must);
        }
    }

    /** Notes a problem. */
    public void add(String path, String what) {
        found.add(path + ": " + what);
    }

    /** All problems in the order they were noted. */
    public List<String> found() {
        return List.copyOf(found);
    }

    public boolean none() {
        return found.isEmpty();
    }
}
