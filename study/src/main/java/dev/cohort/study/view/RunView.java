package dev.cohort.study.view;

import dev.cohort.distill.TestScore;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.TensorName;
import dev.cohort.study.EnsembleMembers;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The state of a run according to its log so far. A pure fold over messages: equal messages give equal views. One thread at a
 * time.
 */
public final class RunView {
    private final String runId;
    private final Manifest manifest;
    private final Experiment experiment;
    private final Map<PeerId, PeerView> peers = new LinkedHashMap<>();
    private final EnsembleMembers members;
    private final Ensemble ensemble;
    private final TreeMap<Integer, PeerView.Test> teacherTests = new TreeMap<>();
    private final Set<String> rejectionsSeen = new TreeSet<>();
    private final Events events = new Events();
    private final Fingerprint fingerprint = new Fingerprint();
    private long stepsPlanned;
    private long head;
    private int epoch;
    private long closedStep;
    private int closedPart = -1;
    private long targets;
    private long skipped;
    private long digestMismatches;
    private long rejected;
    private final Contributors contributors = new Contributors();
    private final Standings standings = new Standings();
    private long openSinceMs;
    private OptionalLong firstOutcomeMs = OptionalLong.empty();
    private OptionalLong lastOutcomeMs = OptionalLong.empty();
    private Optional<End> end = Optional.empty();
    private Optional<Command> abort = Optional.empty();

    public RunView(String runId, Manifest manifest, Experiment experiment) {
        this.runId = runId;
        this.manifest = manifest;
        this.experiment = experiment;
        this.stepsPlanned = manifest.steps();
        this.members = new EnsembleMembers(
                experiment.contributors().stream().map(Experiment.Peer::id).toList());
        this.ensemble = new Ensemble(manifest.testLabels(), members);
        for (Experiment.Peer peer : experiment.peers()) {
            peers.put(peer.id(), new PeerView(peer.id(), peer.model(), peer.device(), peer.control()));
        }
    }

    /**
     * A membership event.
     *
     * @param step newest closed step at that time
     * @param what happened, as text that follows the name of the peer
     */
    public record Event(long atMs, long step, String peer, String what) {}

    /** Takes in one message; {@code atMs} never runs backwards. */
    public void on(Message message, long atMs) {
        on(message, atMs, atMs);
    }

    /**
     * Takes in one message.
     *
     * @param atMs when it was read, by the reader's clock; never runs backwards
     * @param loggedMs when the broker appended it
     */
    public void on(Message message, long atMs, long loggedMs) {
        if (message instanceof Batch batch) {
            onBatch(batch, loggedMs);
        } else if (message instanceof End last) {
            end = Optional.of(last);
            stepsPlanned = last.lastStep();
        } else if (message instanceof Outcome outcome) {
            onOutcome(outcome, atMs, loggedMs);
        } else if (message instanceof Prediction prediction) {
            peer(prediction.peer()).predicts(prediction.step(), prediction.previous(), atMs);
        } else if (message instanceof Evaluation evaluation) {
            onEvaluation(evaluation);
        } else if (message instanceof Command command && command.kind() == Command.Kind.ABORT) {
            abort = Optional.of(command);
        } else if (message instanceof StandingChange change) {
            standings.on(change, loggedMs);
        } else {
            onMember(message, atMs);
        }
    }

    /** Notes that the supervisor of a peer has given it up. */
    public void giveUp(PeerId id, String reason, long atMs) {
        peer(id).giveUp();
        note(atMs, id.value(), "given up: " + reason);
    }

    private void onBatch(Batch batch, long loggedMs) {
        if (batch.step() <= head) {
            return;
        }
        head = batch.step();
        if (head == closedStep + 1) {
            openSinceMs = loggedMs;
        }
        epoch = batch.epoch();
        fingerprint.batch(batch);
    }

    private void onOutcome(Outcome outcome, long atMs, long loggedMs) {
        boolean late = outcome.step() < closedStep || (outcome.step() == closedStep && outcome.part() <= closedPart);
        if (late) {
            return;
        }
        closedStep = outcome.step();
        closedPart = outcome.part();
        openSinceMs = loggedMs;
        fingerprint.outcome(outcome);
        if (members.take(outcome)) {
            ensemble.count();
        }
        if (outcome.resolution() instanceof Outcome.Targets) {
            targets++;
        } else {
            skipped++;
        }
        if (firstOutcomeMs.isEmpty()) {
            firstOutcomeMs = OptionalLong.of(atMs);
        }
        lastOutcomeMs = OptionalLong.of(atMs);
        contributors.take(outcome).forEach((peer, what) -> note(atMs, peer, what));
    }

    private void onEvaluation(Evaluation evaluation) {
        if (evaluation.source().equals(Evaluation.TEACHER)) {
            teacherTests.put(
                    evaluation.epoch(),
                    new PeerView.Test(
                            evaluation.epoch(), evaluation.step(), evaluation.accuracy(), evaluation.crossEntropy()));
            return;
        }
        PeerView peer = peer(new PeerId(evaluation.source()));
        peer.tested(evaluation);
        evaluation
                .tensors()
                .find(TensorName.OWN_TEACHER)
                .filter(this::ofTestImages)
                .ifPresent(logits ->
                        peer.ownTeacherTested(evaluation.epoch(), TestScore.of(logits, manifest.testLabels())));
        evaluation
                .tensors()
                .find(TensorName.LOGITS)
                .ifPresent(logits -> ensemble.vote(evaluation.epoch(), evaluation.step(), peer.id(), logits));
    }

    private boolean ofTestImages(Tensor logits) {
        return logits.shape().equals(Ints.of(manifest.testLabels().size(), manifest.classes()));
    }

    private void onMember(Message message, long atMs) {
        if (message instanceof Joining joining) {
            if (peer(joining.peer()).joins(joining, atMs)) {
                String start = joining.incarnation() == 1 ? "joined" : "rejoined (start " + joining.incarnation() + ")";
                String weights =
                        joining.trainedSteps() == 0 ? "" : " with the weights of step " + joining.trainedSteps();
                note(atMs, joining.peer().value(), start + weights);
            }
        } else if (message instanceof Admitted admitted && admitted.refused()) {
            note(atMs, admitted.peer().value(), "refused: " + admitted.refusal());
        } else if (message instanceof Heartbeat heartbeat) {
            peer(heartbeat.peer()).beats(heartbeat, atMs);
        } else if (message instanceof Left left) {
            peer(left.peer()).leaves(left, atMs);
            note(atMs, left.peer().value(), "left: " + left.reason());
        } else if (message instanceof Rejection rejection) {
            onRejection(rejection, atMs);
        }
    }

    private void onRejection(Rejection rejection, long atMs) {
        // Two coordinators may reject the same prediction.
        if (!rejectionsSeen.add(rejection.step() + "/" + rejection.part() + "/" + rejection.peer())) {
            return;
        }
        rejected++;
        peer(rejection.peer()).rejected();
        if (rejection.reason() == Rejection.Reason.DIGEST) {
            digestMismatches++;
        }
        note(
                atMs,
                rejection.peer().value(),
                "prediction of step " + rejection.step() + " rejected ("
                        + rejection.reason().name().toLowerCase(Locale.ROOT) + "): " + rejection.detail());
    }

    /** Takes in that the log has a record that is not a message of this run. */
    public void onRejectedRecord(String sender, String detail, long atMs) {
        rejected++;
        note(
                atMs,
                sender.isEmpty() ? "unknown sender" : sender,
                "wrote a record that is not a message of this run: " + detail);
    }

    /** Adds an event; only the newest are kept. */
    public void note(long atMs, String peer, String what) {
        events.add(new Event(atMs, closedStep, peer, what));
    }

    private PeerView peer(PeerId id) {
        return peers.computeIfAbsent(id, i -> new PeerView(i, "?", "?", false));
    }

    public String runId() {
        return runId;
    }

    public Experiment experiment() {
        return experiment;
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Every peer: those of the experiment in its order, then those that joined. */
    public List<PeerView> peers() {
        return List.copyOf(peers.values());
    }

    /** All peers except the control peer. */
    public List<PeerView> learners() {
        return peers.values().stream().filter(p -> !p.control()).toList();
    }

    /** The peer that trains without distillation, if any. */
    public Optional<PeerView> control() {
        return peers.values().stream().filter(PeerView::control).findFirst();
    }

    /** Step of the last batch: the planned one, until the end of the run is in the log. */
    public long stepsPlanned() {
        return stepsPlanned;
    }

    /** Step of the newest batch. */
    public long head() {
        return head;
    }

    /** 0-based epoch of the newest batch. */
    public int epoch() {
        return epoch;
    }

    /** Last step with an outcome. */
    public long closedStep() {
        return closedStep;
    }

    public long targets() {
        return targets;
    }

    public long skipped() {
        return skipped;
    }

    public long digestMismatches() {
        return digestMismatches;
    }

    /** Number of rejected predictions, digest mismatches included, and of records that are not messages of this run. */
    public long rejected() {
        return rejected;
    }

    /** The newest membership events, the oldest first. */
    public List<Event> events() {
        return events.kept();
    }

    /** Number of events before those in {@link #events}. */
    public long eventsForgotten() {
        return events.forgotten();
    }

    /** Peers named by the newest outcome. */
    public Set<PeerId> contributing() {
        return contributors.now();
    }

    /** The standing of each peer. */
    public Standings standings() {
        return standings;
    }

    /** Since when the step after {@link #closedStep} is open, by the clock of the log; empty before its batch. */
    public OptionalLong openSinceMs() {
        return head > closedStep ? OptionalLong.of(openSinceMs) : OptionalLong.empty();
    }

    /** Peers whose prediction the open step waits for. */
    public List<PeerView> awaited() {
        return peers.values().stream()
                .filter(p -> !p.control() && !p.ended() && p.predicted() <= closedStep)
                .filter(p -> standings
                        .of(p.id())
                        .map(Standings.Held::awaited)
                        .orElse(contributors.now().isEmpty()
                                || contributors.now().contains(p.id())))
                .toList();
    }

    public OptionalLong firstOutcomeMs() {
        return firstOutcomeMs;
    }

    public OptionalLong lastOutcomeMs() {
        return lastOutcomeMs;
    }

    /** The end of the run; empty until it is in the log. */
    public Optional<End> end() {
        return end;
    }

    /** Why the run was aborted, if it was. */
    public Optional<String> aborted() {
        return abort.map(Command::reason);
    }

    /** Whether every peer finished, left or was given up. */
    public boolean ended() {
        return !peers.isEmpty()
                && peers.values().stream().filter(this::isExpectedToEnd).allMatch(PeerView::ended);
    }

    /** What became of the peers that the run had to wait for and that did not end well, a sentence each. */
    public List<String> unfinished() {
        return peers.values().stream()
                .filter(this::isExpectedToEnd)
                .flatMap(peer -> peer.unfinished().stream())
                .toList();
    }

    /** A peer that the experiment does not name is not restarted: if it is lost, or known from a fork's parent, it never leaves. */
    private boolean isExpectedToEnd(PeerView peer) {
        boolean named = experiment.peers().stream().anyMatch(p -> p.id().equals(peer.id()));
        Optional<Boolean> present = standings.of(peer.id()).map(Standings.Held::present);
        return named || present.orElse(peer.state().isPresent());
    }

    /** Tests of the method's own teacher by epoch; empty if the method has none that can be evaluated. */
    public SortedMap<Integer, PeerView.Test> teacherTests() {
        return Collections.unmodifiableSortedMap(teacherTests);
    }

    public OptionalDouble teacherAccuracy() {
        return teacherTests.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(teacherTests.lastEntry().getValue().accuracy());
    }

    /** Accuracy of the mean probability of the ensemble's members after {@code epoch}, 0..1. */
    public OptionalDouble ensembleAccuracy(int epochEnded) {
        return ensemble.accuracy(epochEnded);
    }

    /** Number of peers that {@link #ensembleAccuracy(int)} averages. */
    public int ensembleSize(int epochEnded) {
        return ensemble.voters(epochEnded).size();
    }

    /** Number of peers that belong to the ensemble, tested or not. */
    public long ensembleMembers() {
        return peers.keySet().stream().filter(members::has).count();
    }

    /** Accuracy of the ensemble after the newest epoch for which all its present members have been tested. */
    public OptionalDouble ensembleAccuracy() {
        return newestWholeEpoch().stream()
                .mapToObj(ensemble::accuracy)
                .filter(OptionalDouble::isPresent)
                .findFirst()
                .orElse(OptionalDouble.empty());
    }

    private OptionalInt newestWholeEpoch() {
        List<PeerView> present = learners().stream()
                .filter(p -> members.has(p.id()) && (!p.ended() || p.finished()))
                .toList();
        return PeerView.testedEpochs(learners()).descendingSet().stream()
                .mapToInt(Integer::intValue)
                .filter(e -> present.stream().allMatch(p -> p.tests().containsKey(e)))
                .findFirst();
    }

    /** Epochs after which any peer was tested, ascending. */
    public List<Integer> testedEpochs() {
        return List.copyOf(PeerView.testedEpochs(peers()));
    }

    /** Fingerprint of all batches so far. */
    public Digest planFingerprint() {
        return fingerprint.plan();
    }

    /** Fingerprint of batches, outcomes and the predictions they name. */
    public Digest runFingerprint() {
        return fingerprint.run();
    }
}
