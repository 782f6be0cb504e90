package dev.cohort.launch;

import dev.cohort.runtime.ExitCode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Explains why processes of a run ended, in particular for lack of memory. */
final class Death {
    /** Exit of Java without memory, with {@code -XX:+ExitOnOutOfMemoryError}. */
    private static final int OUT_OF_HEAP = 3;

    private static final int KILLED = 128 + 9;
    private static final int MIB = 1 << 20;
    private static final String ERROR = "java.lang.OutOfMemoryError: ";

    private final Host host;
    private OptionalLong killsBefore;

    Death(Host host) {
        this.host = host;
        this.killsBefore = host.killsForMemory();
    }

    /**
     * The reason of an end.
     *
     * @param command the command line of the process
     * @param lastLines of its output
     */
    String reason(int exit, String role, List<String> command, List<String> lastLines) {
        if (exit == OUT_OF_HEAP) {
            return outOfHeap(role, command, lastLines);
        }
        for (ExitCode code : ExitCode.values()) {
            if (code.code() == exit) {
                return "exit " + exit + " ("
                        + code.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ")";
            }
        }
        if (exit == KILLED) {
            return "killed by signal 9" + memory(command);
        }
        // The convention of shells and of Java: 128 + the signal.
        return exit > 128 ? "killed by signal " + (exit - 128) : "exit " + exit;
    }

    private static String outOfHeap(String role, List<String> command, List<String> lastLines) {
        Optional<String> error = lastLines.stream()
                .filter(line -> line.contains(ERROR))
                .reduce((older, newer) -> newer)
                .map(line -> line.substring(line.indexOf(ERROR) + ERROR.length()));
        if (error.isEmpty()) {
            return "exit " + OUT_OF_HEAP;
        }
        OptionalLong heap = JavaFlags.heapBytesOf(command);
        boolean ofHeap = error.get().contains("heap") || error.get().contains("GC overhead");
        if (!ofHeap || heap.isEmpty()) {
            return "out of memory (" + error.get() + ")";
        }
        long mib = heap.getAsLong() / MIB;
        return "out of memory: its heap of " + mib + " MiB is full; " + JavaFlags.variable(role) + "=-Xmx" + 2 * mib
                + "m doubles it";
    }

    /** Empty if the kernel did not kill it for lack of memory. */
    private String memory(List<String> command) {
        OptionalLong kills = host.killsForMemory();
        boolean another = kills.isPresent() && kills.getAsLong() > killsBefore.orElse(0);
        killsBefore = kills;
        if (kills.isPresent() && !another) {
            return "";
        }
        OptionalLong heap = JavaFlags.heapBytesOf(command);
        return ": out of memory?"
                + host.memory()
                        .map(m -> " All processes share " + m.bytesMax() / MIB + " MiB (" + m.source() + ")")
                        .orElse("")
                + (heap.isPresent()
                        ? ", and the heap of this process alone may take " + heap.getAsLong() / MIB + " MiB"
                        : "");
    }
}
