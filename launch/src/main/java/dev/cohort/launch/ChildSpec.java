package dev.cohort.launch;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * A process to keep running.
 *
 * @param name of its record and its output file
 * @param role for people: broker, augment, coordinator or peer
 * @param essential whether the run ends when this process cannot be kept running; the run continues without other processes
 * @param command the command line of its n-th start, from 1
 * @param environment variables besides the launcher's own
 */
public record ChildSpec(
        String name,
        String role,
        boolean essential,
        LongFunction<List<String>> command,
        Map<String, String> environment) {
    public ChildSpec {
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    }
}
