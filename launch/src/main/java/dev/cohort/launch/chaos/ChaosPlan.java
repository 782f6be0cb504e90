package dev.cohort.launch.chaos;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Draws disturbances from a seed: equal seeds and equal processes give equal plans. No process is killed so often that its
 * launcher would give it up. Pure.
 */
public final class ChaosPlan {
    /** Longer than the minute in which a launcher gives up a process at its fifth death. */
    private static final long WINDOW_MS = 70_000;

    private static final int DEATHS_IN_WINDOW_MAX = 3;
    private static final long PAUSE_MS_MIN = 500;
    private static final long PAUSE_MS_MAX = 6_000;

    private final Kinds kinds;
    private final SplittableRandom random;
    private final SortedMap<String, Deque<Long>> deaths = new TreeMap<>();

    /**
     * Permitted disturbances.
     *
     * @param roles whose processes may be killed or paused: peer, coordinator, augment, broker
     * @param partition whether processes with a link may be disconnected from the broker
     * @param cut whether their connections may be cut
     */
    public record Kinds(
            List<String> roles, boolean pause, boolean partition, boolean cut, boolean corrupt, boolean duplicate) {
        public Kinds {
            roles = List.copyOf(roles);
        }

        /** Whether there is nothing to draw from. */
        public boolean nothing() {
            return roles.isEmpty() && !network() && !corrupt && !duplicate;
        }

        /** Whether connections may be disturbed. */
        public boolean network() {
            return partition || cut;
        }
    }

    /**
     * A process of a run.
     *
     * @param linked whether the process reaches the broker through a proxy
     */
    public record Target(String name, String role, boolean linked) {}

    /** @throws IllegalArgumentException when no disturbance is permitted */
    public ChaosPlan(Kinds kinds, long seed) {
        if (kinds.nothing()) {
            throw new IllegalArgumentException(
                    "nothing to do: name --kill ROLE, --partition, --cut, --corrupt or --duplicate");
        }
        this.kinds = kinds;
        random = new SplittableRandom(seed);
    }

    /**
     * The next disturbance; empty when none is possible now.
     *
     * @param running running processes, in any fixed order
     */
    public Optional<Disturbance> next(List<Target> running, long nowMs) {
        List<Disturbance> possible = new ArrayList<>();
        // Roles are drawn before processes, so that the other roles are hit however many peers there are.
        List<String> roles = kinds.roles().stream()
                .filter(role -> running.stream().anyMatch(t -> t.role().equals(role) && mayDie(t.name(), nowMs)))
                .toList();
        if (!roles.isEmpty()) {
            String role = roles.get(random.nextInt(roles.size()));
            List<Target> targets = running.stream()
                    .filter(t -> t.role().equals(role) && mayDie(t.name(), nowMs))
                    .toList();
            String victim = targets.get(random.nextInt(targets.size())).name();
            possible.add(new Disturbance.Kill(victim));
            if (kinds.pause()) {
                possible.add(new Disturbance.Pause(victim, random.nextLong(PAUSE_MS_MIN, PAUSE_MS_MAX)));
            }
        }
        possible.addAll(ofTheNetwork(running));
        if (kinds.corrupt()) {
            possible.add(new Disturbance.Corrupt());
        }
        if (kinds.duplicate()) {
            possible.add(new Disturbance.Duplicate());
        }
        if (possible.isEmpty()) {
            return Optional.empty();
        }
        Disturbance drawn = possible.get(random.nextInt(possible.size()));
        if (drawn instanceof Disturbance.Kill kill) {
            deaths.computeIfAbsent(kill.process(), p -> new ArrayDeque<>()).addLast(nowMs);
        }
        return Optional.of(drawn);
    }

    private List<Disturbance> ofTheNetwork(List<Target> running) {
        List<Disturbance> possible = new ArrayList<>();
        List<String> linked =
                running.stream().filter(Target::linked).map(Target::name).toList();
        if (kinds.network() && !linked.isEmpty()) {
            String victim = linked.get(random.nextInt(linked.size()));
            if (kinds.partition()) {
                possible.add(new Disturbance.Part(victim, random.nextLong(PAUSE_MS_MIN, PAUSE_MS_MAX)));
            }
            if (kinds.cut()) {
                possible.add(new Disturbance.Cut(victim));
            }
        }
        return possible;
    }

    private boolean mayDie(String process, long nowMs) {
        Deque<Long> times = deaths.getOrDefault(process, new ArrayDeque<>());
        while (!times.isEmpty() && nowMs - times.getFirst() >= WINDOW_MS) {
            times.removeFirst();
        }
        return times.size() < DEATHS_IN_WINDOW_MAX;
    }
}
