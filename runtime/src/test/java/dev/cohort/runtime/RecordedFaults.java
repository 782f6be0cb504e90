package dev.cohort.runtime;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps faults instead of ending the process. */
public final class RecordedFaults implements Faults {
    private final List<String> faults = new CopyOnWriteArrayList<>();

    @Override
    public void fatal(ExitCode code, String what, Throwable cause) {
        faults.add(code + " " + what + ": " + cause);
    }

    public List<String> all() {
        return List.copyOf(faults);
    }
}
