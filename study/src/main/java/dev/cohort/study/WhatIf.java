package dev.cohort.study;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Another way to turn recorded predictions into targets.
 *
 * @param words the scenario as it was entered
 * @param method that replaces the recorded one
 * @param without contributors that are left out
 * @param only the contributors that are used; empty uses all
 * @param quorum largest number of contributors: those whose predictions the broker appended first
 * @param deadlineMs contributors whose prediction was appended more than this after the first of the step are left out
 */
public record WhatIf(
        String words,
        Experiment.Method method,
        Set<PeerId> without,
        Set<PeerId> only,
        OptionalInt quorum,
        OptionalLong deadlineMs) {
    private static final String METHOD = "method";
    private static final String WITHOUT = "without";
    private static final String ONLY = "only";
    private static final String QUORUM = "quorum";
    private static final String DEADLINE_MS = "deadline_ms";

    /** The settings of the run itself. */
    public static WhatIf asRecorded(Experiment.Method method) {
        return new WhatIf("as recorded", method, Set.of(), Set.of(), OptionalInt.empty(), OptionalLong.empty());
    }

    /**
     * Reads {@code key=value,key=value}. {@code method=NAME} drops the recorded method's parameters; {@code without=p2},
     * {@code only=p1+p3}, {@code quorum=N} and {@code deadline_ms=N} choose contributors; any other key sets a parameter of the
     * method.
     *
     * @throws IllegalArgumentException if it cannot be parsed; the message gives the reason
     */
    public static WhatIf parse(String words, Experiment experiment) {
        SortedMap<String, String> given = new TreeMap<>();
        for (String part : words.split(",", -1)) {
            int equals = part.indexOf('=');
            require(equals > 0, words, "must be key=value, separated by commas");
            String key = part.substring(0, equals).strip();
            require(given.put(key, part.substring(equals + 1).strip()) == null, words, key + " appears twice");
        }
        Experiment.Method recorded = experiment.method();
        String name = Optional.ofNullable(given.remove(METHOD)).orElse(recorded.name());
        Set<PeerId> without = peers(words, Optional.ofNullable(given.remove(WITHOUT)), experiment);
        Set<PeerId> only = peers(words, Optional.ofNullable(given.remove(ONLY)), experiment);
        OptionalLong quorum = number(words, QUORUM, Optional.ofNullable(given.remove(QUORUM)));
        OptionalLong deadline = number(words, DEADLINE_MS, Optional.ofNullable(given.remove(DEADLINE_MS)));
        Map<String, String> parameters = new TreeMap<>(name.equals(recorded.name()) ? recorded.parameters() : Map.of());
        parameters.putAll(given);
        return new WhatIf(
                words,
                new Experiment.Method(name, parameters),
                without,
                only,
                quorum.isPresent() ? OptionalInt.of((int) quorum.getAsLong()) : OptionalInt.empty(),
                deadline);
    }

    private static void require(boolean ok, String words, String must) {
        if (!ok) {
            throw new IllegalArgumentException("what-if " + words + ": " + must);
        }
    }

    private static OptionalLong number(String words, String key, Optional<String> value) {
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        require(value.get().matches("[1-9][0-9]{0,8}"), words, key + " must be a whole number of at least 1");
        return OptionalLong.of(Long.parseLong(value.get()));
    }

    private static Set<PeerId> peers(String words, Optional<String> value, Experiment experiment) {
        SortedSet<PeerId> peers = new TreeSet<>();
        if (value.isPresent()) {
            List<String> known =
                    experiment.contributors().stream().map(p -> p.id().value()).toList();
            for (String peer : value.get().split("\\+", -1)) {
                require(
                        known.contains(peer),
                        words,
                        "peer '" + peer + "' must be one of " + known.stream().collect(Collectors.joining(", ")));
                peers.add(new PeerId(peer));
            }
        }
        return peers;
    }

    /** Chooses among the contributors of a step, which are in the order of their slots. */
    List<Contribution> chosen(List<Contribution> all) {
        List<Contribution> some = all.stream()
                .filter(c -> !without.contains(c.prediction().peer()))
                .filter(c -> only.isEmpty() || only.contains(c.prediction().peer()))
                .toList();
        long first = some.stream().mapToLong(Contribution::appendedMs).min().orElse(0);
        long latest = deadlineMs.isPresent() ? first + deadlineMs.getAsLong() : Long.MAX_VALUE;
        long[] times =
                some.stream().mapToLong(Contribution::appendedMs).sorted().toArray();
        long quorumMs = quorum.isPresent() && quorum.getAsInt() < times.length
                ? Arrays.copyOf(times, quorum.getAsInt())[quorum.getAsInt() - 1]
                : Long.MAX_VALUE;
        List<Contribution> inTime = some.stream()
                .filter(c -> c.appendedMs() <= Math.min(latest, quorumMs))
                .toList();
        // Of predictions appended in the same millisecond, the lower slots count.
        return quorum.isPresent() && inTime.size() > quorum.getAsInt() ? inTime.subList(0, quorum.getAsInt()) : inTime;
    }
}
