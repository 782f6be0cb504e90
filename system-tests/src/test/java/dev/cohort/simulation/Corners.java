package dev.cohort.simulation;

import dev.cohort.peer.Peer;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.Digest;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts the runs in which each event happened that the promises are about: seeds that never reach it would prove nothing. */
final class Corners {
    private final SortedMap<String, Integer> runs = new TreeMap<>();

    Corners() {
        List.of(
                        "a coordinator's outcome lost against another one",
                        "a coordinator resumed from a snapshot",
                        "a forged prediction became the teacher's",
                        "a newcomer contributed",
                        "a newcomer found no seat",
                        "a drained peer contributed after it had joined again",
                        "a newcomer was kept out for a while",
                        "a peer was lost too often",
                        "a peer did not contribute to an outcome it trained on",
                        "a peer restarted without a checkpoint",
                        "a peer restarted from a checkpoint",
                        "a peer restarted from a checkpoint between epochs",
                        "a peer was drained",
                        "a peer was rejected too often",
                        "a slot was renewed for another peer",
                        "a snapshot was refused",
                        "a standby took over",
                        "a step had too few contributors",
                        "an operator stopped the run",
                        "batches were sent twice",
                        "nonsense was written in the name of a peer",
                        "predictions rejected: digest",
                        "predictions rejected: malformed",
                        "predictions rejected: not_finite",
                        "predictions rejected: shape",
                        "the teacher was evaluated")
                .forEach(corner -> runs.put(corner, 0));
    }

    private void count(String corner, boolean happened) {
        if (happened) {
            runs.merge(corner, 1, Integer::sum);
        }
    }

    /** Adds a run that is over. */
    void add(Simulation simulation) {
        SimulatedLog log = simulation.log();
        List<Outcome> outcomes = log.all(Topic.OUTCOMES, Outcome.class);
        addOutcomes(simulation, outcomes);
        addPeers(simulation, log);
        List<Rejection> rejections = log.all(Topic.MEMBERS, Rejection.class);
        for (Rejection.Reason reason : Rejection.Reason.values()) {
            count(
                    "predictions rejected: " + reason.name().toLowerCase(Locale.ROOT),
                    rejections.stream().anyMatch(r -> r.reason() == reason));
        }
        List<Batch> batches = log.all(Topic.BATCHES, Batch.class);
        count(
                "batches were sent twice",
                batches.stream().map(Batch::step).distinct().count() < batches.size());
        count(
                "the teacher was evaluated",
                log.all(Topic.EVALUATIONS, Evaluation.class).stream()
                        .anyMatch(e -> e.source().equals(Evaluation.TEACHER)));
        count("a coordinator resumed from a snapshot", simulation.beginnings().found() > 0);
        count("a snapshot was refused", simulation.beginnings().passedOver() > 0);
        count("a standby took over", simulation.standbys().values().stream().anyMatch(s -> s.takeovers() > 0));
        count(
                "nonsense was written in the name of a peer",
                simulation.scenario().faults().stream()
                        .anyMatch(f -> f instanceof Fault.Forgery forgery && forgery.lie() == Fault.Lie.NONSENSE));
        count(
                "an operator stopped the run",
                simulation.scenario().faults().stream().anyMatch(Fault.Stop.class::isInstance));
    }

    private void addOutcomes(Simulation simulation, List<Outcome> outcomes) {
        SortedMap<Long, Digest> first = new TreeMap<>();
        boolean lost = false;
        for (Outcome outcome : outcomes) {
            Digest digest = outcome.digest();
            lost |= !first.computeIfAbsent(outcome.step(), s -> digest).equals(digest);
        }
        count("a coordinator's outcome lost against another one", lost);
        count(
                "a step had too few contributors",
                outcomes.stream()
                        .map(Outcome::resolution)
                        .anyMatch(r -> r instanceof Outcome.Skipped skipped
                                && skipped.reason() == Outcome.SkipReason.TOO_FEW));
        count(
                "a slot was renewed for another peer",
                outcomes.stream().anyMatch(o -> o.renewed().size() > 0));
        count(
                "a newcomer contributed",
                outcomes.stream()
                        .flatMap(o -> o.contributors().stream())
                        .anyMatch(c -> c.peer().value().startsWith("n")));
        List<PeerId> forged = simulation.scenario().faults().stream()
                .filter(f -> f instanceof Fault.Forgery forgery && forgery.lie() == Fault.Lie.OTHER_LOGITS)
                .map(f -> new PeerId(((Fault.Forgery) f).peer()))
                .toList();
        List<Digest> lies = simulation.forgeries().stream()
                .filter(f -> forged.contains(f.peer()))
                .map(Prediction::tensors)
                .map(dev.cohort.tensor.NamedTensors::digest)
                .toList();
        count(
                "a forged prediction became the teacher's",
                outcomes.stream().flatMap(o -> o.contributors().stream()).anyMatch(c -> lies.contains(c.tensors())));
    }

    private void addPeers(Simulation simulation, SimulatedLog log) {
        boolean late = false;
        boolean fromCheckpoint = false;
        boolean betweenEpochs = false;
        boolean fromNothing = false;
        boolean drained = false;
        for (PeerProcess peer : simulation.peers()) {
            late |= !peer.trainsAlone()
                    && peer.peer().map(p -> p.status().late() > 0).orElse(false);
            fromCheckpoint |= peer.incarnation() > 1 && peer.from().isPresent();
            betweenEpochs |= peer.incarnation() > 1
                    && peer.from()
                            .filter(c -> c.step() % Draw.STEPS_PER_EPOCH != 0)
                            .isPresent();
            fromNothing |= peer.incarnation() > 1 && peer.from().isEmpty();
            drained |= peer.peer()
                    .flatMap(Peer::left)
                    .map(Left::reason)
                    .map(r -> r.startsWith("drained"))
                    .orElse(false);
        }
        count("a peer did not contribute to an outcome it trained on", late);
        count("a peer restarted from a checkpoint", fromCheckpoint);
        count("a peer restarted from a checkpoint between epochs", betweenEpochs);
        count("a peer restarted without a checkpoint", fromNothing);
        count("a peer was drained", drained);
        count(
                "a drained peer contributed after it had joined again",
                simulation.peers().stream()
                        .filter(PeerProcess::cameBack)
                        .anyMatch(p -> log.all(Topic.OUTCOMES, Outcome.class).stream()
                                .flatMap(o -> o.contributors().stream())
                                .anyMatch(c -> c.peer().equals(p.id()) && c.incarnation() == p.incarnation())));
        addMembership(simulation, log);
    }

    private void addMembership(Simulation simulation, SimulatedLog log) {
        List<Admitted> refused = log.all(Topic.MEMBERS, Admitted.class).stream()
                .filter(Admitted::refused)
                .toList();
        count(
                "a newcomer found no seat",
                refused.stream().anyMatch(a -> a.refusal().contains("no seat")));
        List<StandingChange> changes = log.all(Topic.MEMBERS, StandingChange.class);
        count(
                "a newcomer was kept out for a while",
                changes.stream().anyMatch(c -> c.why().contains("elastic.admit.accuracy_ratio")));
        count(
                "a peer was lost too often",
                changes.stream().anyMatch(c -> c.why().contains("elastic.cooldown_ms")));
        List<Rejection> rejections = log.all(Topic.MEMBERS, Rejection.class);
        count(
                "a peer was rejected too often",
                simulation.peers().stream()
                        .filter(p -> p.plan().lies().isPresent())
                        .anyMatch(p -> rejections.stream()
                                        .filter(r -> r.peer().equals(p.id()))
                                        .count()
                                >= 3));
    }

    /** What no run has reached. */
    List<String> missed() {
        return runs.entrySet().stream()
                .filter(e -> e.getValue() == 0)
                .map(java.util.Map.Entry::getKey)
                .toList();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("runs in which");
        runs.forEach((corner, count) -> text.append(String.format("%n  %4d  %s", count, corner)));
        return text.toString();
    }
}
