package dev.cohort.simulation;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/** Draws a scenario from a seed. */
final class Draw {
    static final Experiment.Optimizer OPTIMIZER = new Experiment.Optimizer(
            0.05, 0.9, false, 1e-4, new Experiment.Schedule(Experiment.Schedule.Shape.COSINE, List.of(), 1, 0));

    private static final int BATCH_SIZE = 6;
    /** In batches of 6: the last batch of an epoch is a partial one. */
    private static final int TRAIN_IMAGES = 16;

    private static final int TEST_IMAGES = 16;
    static final int STEPS_PER_EPOCH = 3;
    private static final int SLOTS = 6;
    private static final int CONTRIBUTORS_MIN = 2;
    static final int HIDDEN = 5;
    private static final long COOLDOWN_MS = 20;
    private static final long TYPICAL_STEP_MS = 30;
    private static final List<Fault.Lie> FORGED = List.of(
            Fault.Lie.OTHER_LOGITS,
            Fault.Lie.NOT_FINITE,
            Fault.Lie.WRONG_SHAPE,
            Fault.Lie.WRONG_DIGEST,
            Fault.Lie.FAR_STEP,
            Fault.Lie.STRANGER);
    private static final List<String> METHODS =
            List.of("mean_logit", "mean_logit", "one", "one", "dml", "kdcl_general", "independent");

    private final long seed;
    private final SplittableRandom random;
    private final String method;
    private final long steps;
    private final long faultsEndMs;
    private final boolean holds;
    private final Scenario.Second second;
    private final List<PeerPlan> peers;
    /** Separate generators, so that a further choice here does not change everything else. */
    private final SplittableRandom elasticity;

    private final Experiment.Elastic elastic;

    private Draw(long seed) {
        this.seed = seed;
        random = new SplittableRandom(seed);
        method = methodOrMaps(oneOf(METHODS), seed);
        steps = 10L + random.nextInt(6 * STEPS_PER_EPOCH);
        faultsEndMs = 200 + random.nextLong(steps * TYPICAL_STEP_MS);
        holds = oneIn(6);
        second = oneOf(
                List.of(Scenario.Second.NONE, Scenario.Second.NONE, Scenario.Second.SPEAKS, Scenario.Second.STANDS_BY));
        peers = peers();
        elasticity = new SplittableRandom(~seed);
        elastic = elastic();
    }

    /** Some runs teach by feature maps. Not drawn, so that all other runs stay as they are. */
    private static String methodOrMaps(String drawn, long seed) {
        return switch ((int) Math.floorMod(seed, 11L)) {
            case 4 -> "fitnet";
            case 8 -> "ffl";
            default -> drawn;
        };
    }

    static Scenario scenario(long seed) {
        return new Draw(seed).scenario();
    }

    private Scenario scenario() {
        return new Scenario(
                seed,
                experiment(),
                Blobs.drawn(seed, TRAIN_IMAGES, TEST_IMAGES, 30, 30, 0),
                HIDDEN,
                peers,
                second,
                1 + random.nextInt(SLOTS),
                weather(),
                faults(),
                faultsEndMs);
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private Experiment experiment() {
        Mixing mixing = oneOf(List.of(Mixing.values()));
        boolean pixels = oneIn(6);
        return experiment(
                method,
                new Experiment.Run("simulated", seed, OptionalInt.empty(), OptionalLong.of(steps), BATCH_SIZE),
                new Experiment.Augment(random.nextInt(2), random.nextBoolean(), oneIn(4)),
                new Experiment.Mix(mixing, 1, 0.5, 2),
                pixels ? Experiment.Data.Delivery.PIXELS : Experiment.Data.Delivery.RECIPE,
                pace(),
                elastic,
                peers,
                // Not drawn: every step, the steps at which epochs end, and some of both; or none but those of epochs.
                seed % 5);
    }

    private Experiment.Elastic elastic() {
        boolean proves = elasticity.nextInt(3) == 0;
        return new Experiment.Elastic(
                elasticity.nextInt(3) == 0 ? 1 : CONTRIBUTORS_MIN,
                slots(),
                elasticity.nextInt(3) == 0 ? COOLDOWN_MS : 0,
                proves ? elasticity.nextInt(5) : 0,
                proves ? 0.5 : 0,
                lag());
    }

    /** Some runs have no seat for newcomers, or one. */
    private int slots() {
        int named = (int)
                peers.stream().filter(p -> p.role() == PeerPlan.Role.NAMED).count();
        int spare = new SplittableRandom(seed ^ 0x5ea7).nextInt(4);
        return spare > 1 ? SLOTS : Math.min(SLOTS, named + spare);
    }

    private Experiment.Elastic.Lag lag() {
        SplittableRandom lags = new SplittableRandom(seed ^ 0x1a9);
        return lags.nextInt(3) > 0
                ? Experiment.Elastic.Lag.UNLIMITED
                : new Experiment.Elastic.Lag(
                        1 + lags.nextInt(6),
                        lags.nextBoolean() ? Experiment.Elastic.OnLag.PACE : Experiment.Elastic.OnLag.EXCLUDE);
    }

    private Pace pace() {
        Pace.OnLoss onLoss = holds ? Pace.OnLoss.HOLD : Pace.OnLoss.DROP;
        Pace.Completion completion = oneIn(6) ? Pace.Completion.QUORUM : Pace.Completion.ALL;
        return pace(completion, onLoss, Scenario.DEADLINE_MS);
    }

    /** @param deadlineMs after which a peer that is alive is no longer waited for */
    static Pace pace(Pace.Completion completion, Pace.OnLoss onLoss, long deadlineMs) {
        return new Pace(
                Pace.Mode.STRICT,
                1,
                1,
                Scenario.PREFETCH,
                completion,
                2,
                Scenario.GONE_AFTER_MS,
                deadlineMs,
                2 * deadlineMs,
                Scenario.START_MS,
                onLoss);
    }

    /** Newcomers contribute without proving themselves. */
    static Experiment experiment(
            String method,
            Experiment.Run run,
            Experiment.Augment augment,
            Experiment.Mix mix,
            Experiment.Data.Delivery delivery,
            Pace pace,
            int contributorsMin,
            List<PeerPlan> peers,
            long checkpointSteps) {
        Experiment.Elastic open = new Experiment.Elastic(contributorsMin, SLOTS, 0, 0, 0);
        return experiment(method, run, augment, mix, delivery, pace, open, peers, checkpointSteps);
    }

    private static Experiment experiment(
            String method,
            Experiment.Run run,
            Experiment.Augment augment,
            Experiment.Mix mix,
            Experiment.Data.Delivery delivery,
            Pace pace,
            Experiment.Elastic elastic,
            List<PeerPlan> peers,
            long checkpointSteps) {
        return new Experiment(
                run,
                new Experiment.Data("blobs", Optional.empty(), delivery, OptionalDouble.empty()),
                augment,
                mix,
                new Experiment.Method(method, Map.of()),
                OPTIMIZER,
                peers.stream()
                        .filter(PeerPlan::named)
                        .map(p -> new Experiment.Peer(p.id(), "one-hidden-layer", "cpu", p.seed(), p.observer()))
                        .toList(),
                pace,
                elastic,
                new Experiment.Wire(DType.FLOAT32, DType.FLOAT32),
                new Experiment.Recording(
                        Experiment.Recording.Features.NEEDED, true, checkpointSteps, 1, run.seed() % 4),
                new Experiment.Kafka(Optional.empty(), 1, Map.of()),
                new Experiment.Threads(OptionalInt.empty()));
    }

    private Weather weather() {
        boolean rough = !oneIn(4);
        return new Weather(
                1 + random.nextInt(12),
                1 + random.nextInt(12),
                random.nextInt(60),
                rough ? random.nextInt(40) : 0,
                rough ? random.nextInt(60) : 0,
                rough && random.nextBoolean() ? random.nextInt(60) : 0);
    }

    private List<PeerPlan> peers() {
        List<PeerPlan> drawn = new ArrayList<>();
        int named = 2 + random.nextInt(4);
        for (int i = 1; i <= named; i++) {
            boolean lies = i == named && named > CONTRIBUTORS_MIN && oneIn(6);
            drawn.add(peer("p" + i, PeerPlan.Role.NAMED, random.nextInt(20), i, lies));
        }
        if (oneIn(3)) {
            drawn.add(peer("control", PeerPlan.Role.CONTROL, random.nextInt(20), 1, false));
        }
        int newcomers = method.equals("independent") ? 0 : Math.max(0, random.nextInt(5) - 2);
        for (int i = 1; i <= newcomers; i++) {
            PeerPlan.Role role = random.nextBoolean() ? PeerPlan.Role.NEWCOMER : PeerPlan.Role.HEAD_NEWCOMER;
            drawn.add(peer("n" + i, role, 50 + random.nextLong(faultsEndMs), named + i, false));
        }
        return drawn;
    }

    private PeerPlan peer(String id, PeerPlan.Role role, long startsAtMs, long weightsSeed, boolean lies) {
        List<Fault.Lie> kinds = List.of(Fault.Lie.NOT_FINITE, Fault.Lie.WRONG_SHAPE, Fault.Lie.WRONG_DIGEST);
        if (lies && seed % 3 == 0) {
            kinds = List.of(Fault.Lie.NONSENSE);
        }
        return new PeerPlan(
                new PeerId(id),
                role,
                startsAtMs,
                weightsSeed,
                oneIn(6) ? 40 + random.nextInt(80) : 1 + random.nextInt(8),
                lies ? Optional.of(oneOf(kinds)) : Optional.empty());
    }

    private List<Fault> faults() {
        List<Fault> faults = new ArrayList<>();
        List<String> processes = new ArrayList<>(List.of("augmenter", "c1"));
        peers.forEach(p -> processes.add(p.id().value()));
        if (second != Scenario.Second.NONE) {
            processes.add("c2");
        } else if (oneIn(3)) {
            faults.add(new Fault.SecondCoordinator(random.nextLong(faultsEndMs), "c2"));
        }
        for (int left = random.nextInt(7); left > 0; left--) {
            String process = oneOf(processes);
            long atMs = random.nextLong(faultsEndMs);
            long forMs = 1 + random.nextLong(Math.min(400, faultsEndMs - atMs));
            switch (random.nextInt(4)) {
                case 0, 1 -> faults.add(new Fault.Crash(atMs, process, forMs, oneOf(List.of(Fault.Damage.values()))));
                case 2 -> faults.add(new Fault.CutOff(atMs, process, forMs));
                default -> faults.add(new Fault.Freeze(atMs, process, forMs));
            }
        }
        if (second != Scenario.Second.NONE && oneIn(2)) {
            faults.add(new Fault.CoordinatorLost(random.nextLong(faultsEndMs)));
        }
        addLosses(faults);
        addForgeries(faults);
        if (oneIn(8)) {
            long atMs = random.nextLong(faultsEndMs);
            faults.add(new Fault.Blackout(atMs, Math.min(100, faultsEndMs - atMs)));
        }
        if (oneIn(6)) {
            faults.add(new Fault.SecondAugmenter(random.nextLong(faultsEndMs)));
        }
        if (oneIn(6)) {
            faults.add(new Fault.Twin(
                    random.nextLong(faultsEndMs),
                    oneOf(peers.stream().filter(PeerPlan::named).toList()).id().value()));
        }
        if (oneIn(12)) {
            faults.add(new Fault.Stop(random.nextLong(faultsEndMs)));
        }
        addReturns(faults);
        addFlapping(faults);
        addFalseSnapshots(faults);
        addDivergences(faults);
        addNonsense(faults);
        return faults;
    }

    /** Some peers diverge, unless others are lost for good: the run waits for lost peers, since they may come back. */
    private void addDivergences(List<Fault> faults) {
        SplittableRandom divergences = new SplittableRandom(seed ^ 0xd1f);
        boolean losses = faults.stream().anyMatch(f -> f instanceof Fault.Kill || f instanceof Fault.Drain);
        if (divergences.nextInt(4) > 0 || losses) {
            return;
        }
        for (PeerPlan peer : peers) {
            if (divergences.nextInt(3) == 0) {
                faults.add(new Fault.Diverge(
                        divergences.nextLong(faultsEndMs), peer.id().value()));
            }
        }
    }

    /** Peers that are lost for good, as long as enough honest ones remain for the run to continue. */
    private void addLosses(List<Fault> faults) {
        List<PeerPlan> honest = peers.stream()
                .filter(p -> p.role() == PeerPlan.Role.NAMED && p.lies().isEmpty())
                .toList();
        for (int i = honest.size() - 1; i >= CONTRIBUTORS_MIN; i--) {
            String id = honest.get(i).id().value();
            int choice = random.nextInt(6);
            long atMs = 1 + random.nextLong(faultsEndMs - 1);
            if (choice == 0) {
                faults.add(new Fault.Kill(atMs, id));
            }
            // With on_loss=hold, a step stays open until the lost peer is back or an operator drains it.
            if (choice == 1 || (choice == 0 && holds)) {
                faults.add(new Fault.Drain(Math.min(atMs + 100, faultsEndMs), id));
            }
        }
    }

    /** A peer that crashes again and again. */
    private void addFlapping(List<Fault> faults) {
        if (elastic.cooldownMs() == 0 || elasticity.nextInt(2) == 0) {
            return;
        }
        String peer = peers.get(elasticity.nextInt(peers.size())).id().value();
        for (int crashes = 2 + elasticity.nextInt(4); crashes > 0; crashes--) {
            long atMs = elasticity.nextLong(faultsEndMs);
            long downMs = 1 + elasticity.nextLong(Math.min(60, faultsEndMs - atMs));
            faults.add(new Fault.Crash(atMs, peer, downMs, Fault.Damage.NONE));
        }
    }

    /** False snapshots, and a coordinator that has to find a true one. */
    private void addFalseSnapshots(List<Fault> faults) {
        SplittableRandom snapshots = new SplittableRandom(31 * seed);
        if (snapshots.nextInt(4) > 0) {
            return;
        }
        for (Fault.SnapshotLie lie : Fault.SnapshotLie.values()) {
            if (snapshots.nextBoolean()) {
                long atMs = snapshots.nextLong(faultsEndMs);
                faults.add(new Fault.FalseSnapshot(atMs, lie));
                long downMs = 1 + snapshots.nextLong(Math.min(60, faultsEndMs - atMs));
                faults.add(new Fault.Crash(Math.min(atMs + 1, faultsEndMs), "c1", downMs, Fault.Damage.NONE));
            }
        }
    }

    /** Some drained peers come back. */
    private void addReturns(List<Fault> faults) {
        for (Fault fault : List.copyOf(faults)) {
            if (fault instanceof Fault.Drain drain && random.nextBoolean()) {
                faults.add(new Fault.Return(Math.min(drain.atMs() + 1, faultsEndMs), drain.peer()));
            }
        }
    }

    /** Nonsense in the name of a peer that nobody else forges. */
    private void addNonsense(List<Fault> faults) {
        SplittableRandom nonsense = new SplittableRandom(seed ^ 0x4e05);
        List<String> spokenFor = faults.stream()
                .filter(Fault.Forgery.class::isInstance)
                .map(f -> ((Fault.Forgery) f).peer())
                .toList();
        for (PeerPlan peer : peers) {
            String id = peer.id().value();
            for (int left = nonsense.nextInt(3); left > 0 && !spokenFor.contains(id); left--) {
                faults.add(new Fault.Forgery(nonsense.nextLong(faultsEndMs), id, Fault.Lie.NONSENSE));
            }
        }
    }

    /** At most two a peer: three in a row would set an honest one aside. */
    private void addForgeries(List<Fault> faults) {
        if (!oneIn(3)) {
            return;
        }
        for (PeerPlan peer : peers) {
            for (int left = random.nextInt(3); left > 0; left--) {
                Fault.Lie lie = oneOf(FORGED);
                faults.add(new Fault.Forgery(
                        random.nextLong(faultsEndMs), peer.id().value(), lie));
            }
        }
    }
}
