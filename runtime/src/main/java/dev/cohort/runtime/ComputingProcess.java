package dev.cohort.runtime;

import java.util.Map;
import java.util.TreeMap;

/** How a process is started that trains a network. */
public final class ComputingProcess {
    /**
     * Unless the user has chosen. Idle threads sleep, since processes share cores. The memory that a step frees stays with the
     * process, as the next step needs it again: glibc would give it back to the kernel, and a step of 20 ms would spend 2 to 4 ms
     * in page faults. Other C libraries ignore these variables.
     */
    private static final Map<String, String> DEFAULTS = Map.of(
            "OMP_WAIT_POLICY", "PASSIVE",
            "MALLOC_MMAP_THRESHOLD_", Integer.toString(32 << 20),
            "MALLOC_TRIM_THRESHOLD_", Integer.toString(256 << 20));

    private ComputingProcess() {}

    /**
     * The variables to add to its environment.
     *
     * @param threads of one operation
     * @param inherited the environment that it has without them
     */
    public static Map<String, String> environment(int threads, Map<String, String> inherited) {
        Map<String, String> added = new TreeMap<>(DEFAULTS);
        added.keySet().removeAll(inherited.keySet());
        added.put("OMP_NUM_THREADS", Integer.toString(threads));
        return added;
    }
}
