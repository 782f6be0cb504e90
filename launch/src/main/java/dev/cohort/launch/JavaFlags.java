package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Java flags that the environment adds to those of a process: {@code COHORT_JAVA_OPTS} for all processes, and {@code
 * COHORT_PEER_JAVA_OPTS} and the like for one role, which take precedence. The heap for all never lowers what a role needs.
 */
final class JavaFlags {
    static final String ALL = "COHORT_JAVA_OPTS";

    private static final int MIB = 1 << 20;
    private static final Pattern HEAP =
            Pattern.compile("-X(?:mx|ms)([0-9]{1,12})([kKmMgGtT]?)|-XX:MaxHeapSize=([0-9]{1,18})");
    private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use[A-Za-z0-9]*GC");

    private final Map<String, String> environment;

    JavaFlags(Map<String, String> environment) {
        this.environment = new TreeMap<>(environment);
    }

    /** Name of the variable for the processes that a command starts. */
    static String variable(String command) {
        String role = command.equals("join") ? "peer" : command;
        return "COHORT_" + role.toUpperCase(Locale.ROOT) + "_JAVA_OPTS";
    }

    /**
     * All flags of a process.
     *
     * @param own flags without any variable
     * @param command the command it runs: broker, proxy, augment, coordinator, peer or join
     * @throws CommandException when a variable holds something other than flags
     */
    List<String> of(List<String> own, String command) {
        List<String> all = words(ALL);
        List<String> role = words(variable(command));
        List<String> flags = new ArrayList<>(own);
        if (Stream.concat(all.stream(), role.stream()).anyMatch(COLLECTOR.asMatchPredicate())) {
            // Java accepts one heap limit only.
            flags.removeIf(COLLECTOR.asMatchPredicate());
        }
        all.stream().filter(f -> heapBytes(f).isEmpty()).forEach(flags::add);
        OptionalLong most = Stream.concat(own.stream(), all.stream())
                .flatMapToLong(f -> heapBytes(f).stream())
                .max();
        most.ifPresent(bytes -> {
            flags.removeIf(f -> heapBytes(f).isPresent());
            flags.add(0, "-Xmx" + Math.max(1, bytes / MIB) + "m");
        });
        flags.addAll(role);
        return flags;
    }

    /** The heap that a command line sets; empty if Java chooses it. */
    static OptionalLong heapBytesOf(List<String> command) {
        return command.stream()
                .filter(word -> word.startsWith("-X") && !word.startsWith("-Xms"))
                .flatMapToLong(word -> heapBytes(word).stream())
                .reduce((earlier, later) -> later);
    }

    /** The heap that a flag sets. */
    private static OptionalLong heapBytes(String flag) {
        Matcher matcher = HEAP.matcher(flag);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        Optional<String> plain = Optional.ofNullable(matcher.group(3));
        if (plain.isPresent()) {
            return OptionalLong.of(Long.parseLong(plain.get()));
        }
        int shift = switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            case "t" -> 40;
            default -> 0;
        };
        return OptionalLong.of(Long.parseLong(matcher.group(1)) << shift);
    }

    private List<String> words(String variable) {
        List<String> words = Stream.of(environment.getOrDefault(variable, "").split("\\s+", -1))
                .filter(word -> !word.isEmpty())
                .toList();
        for (String word : words) {
            if (!word.startsWith("-")) {
                throw new CommandException(
                        ExitCode.USAGE, variable + ": " + word + ": must be a Java flag, such as -Xmx2g");
            }
        }
        return words;
    }
}
