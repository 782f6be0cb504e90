package dev.cohort.study.view;

import dev.cohort.distill.TestScore;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.StepReport;
import java.util.Collection;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The state of one peer according to its messages. */
public final class PeerView {
    private final PeerId id;
    private final boolean control;
    private String model;
    private String device;
    private String framework = "";
    private long incarnation;
    private long joinedIncarnation;
    private Optional<PeerState> state = Optional.empty();
    private long step;
    private long predicted;
    private long waitKnownStep;
    private long lastMessageMs;
    private Heartbeat.Figures figures = Heartbeat.Figures.NONE;
    private Optional<StepReport> report = Optional.empty();
    private Optional<Left> left = Optional.empty();
    private boolean givenUp;
    private long rejections;
    private final TreeMap<Integer, Test> tests = new TreeMap<>();
    private final TreeMap<Integer, Double> ownTeacherTests = new TreeMap<>();
    private final Curve crossEntropy = new Curve();
    private final Curve distillation = new Curve();
    private final Curve waitShare = new Curve();

    /** @param model of the experiment; replaced by the one that the peer publishes */
    PeerView(PeerId id, String model, String device, boolean control) {
        this.id = id;
        this.model = model;
        this.device = device;
        this.control = control;
    }

    /**
     * A test of a peer after an epoch.
     *
     * @param accuracy 0..1
     */
    public record Test(int epoch, long step, double accuracy, double crossEntropy) {}

    /** Takes in that the peer joins; false if that was known, or if the message is of an earlier incarnation. */
    boolean joins(Joining joining, long atMs) {
        lastMessageMs = atMs;
        if (joining.incarnation() < incarnation || joining.incarnation() == joinedIncarnation) {
            return false;
        }
        joinedIncarnation = joining.incarnation();
        if (joining.incarnation() > incarnation) {
            left = Optional.empty();
            givenUp = false;
        }
        incarnation = joining.incarnation();
        model = joining.model();
        device = joining.device();
        framework = joining.framework();
        step = Math.max(step, joining.trainedSteps());
        if (state.isEmpty()) {
            state = Optional.of(PeerState.JOINING);
        }
        return true;
    }

    void beats(Heartbeat heartbeat, long atMs) {
        lastMessageMs = atMs;
        if (heartbeat.incarnation() < incarnation) {
            return;
        }
        incarnation = heartbeat.incarnation();
        state = Optional.of(heartbeat.state());
        figures = heartbeat.figures();
        if (heartbeat.step() > waitKnownStep && figures.imagesPerSecond() > 0) {
            waitKnownStep = heartbeat.step();
            waitShare.add(waitKnownStep, figures.waitShare());
        }
        step = heartbeat.step();
    }

    void predicts(long predictedStep, Optional<StepReport> previous, long atMs) {
        lastMessageMs = atMs;
        predicted = Math.max(predicted, predictedStep);
        previous.filter(r -> report.isEmpty() || r.step() > report.get().step()).ifPresent(r -> {
            report = Optional.of(r);
            step = Math.max(step, r.step());
            crossEntropy.add(r.step(), r.crossEntropy());
            distillation.add(r.step(), r.distillation());
        });
    }

    void tested(Evaluation evaluation) {
        tests.put(
                evaluation.epoch(),
                new Test(evaluation.epoch(), evaluation.step(), evaluation.accuracy(), evaluation.crossEntropy()));
    }

    void ownTeacherTested(int epoch, TestScore score) {
        ownTeacherTests.put(epoch, score.accuracy());
    }

    void leaves(Left message, long atMs) {
        lastMessageMs = atMs;
        if (message.incarnation() >= incarnation) {
            left = Optional.of(message);
            message.result().ifPresent(r -> step = Math.max(step, r.stepsTrained()));
        }
    }

    void rejected() {
        rejections++;
    }

    void giveUp() {
        givenUp = true;
    }

    public PeerId id() {
        return id;
    }

    /** Whether the peer trains on the same batches with labels only. */
    public boolean control() {
        return control;
    }

    public String model() {
        return model;
    }

    /** Framework that computes the network, such as {@code djl}; empty before the peer has joined. */
    public String framework() {
        return framework;
    }

    /** Device as the peer published it, before that as the experiment configures it. */
    public String device() {
        return device;
    }

    /** Newest incarnation of the peer, 0 before its first message. */
    public long incarnation() {
        return incarnation;
    }

    /** State that the peer last reported; empty before its first message. */
    public Optional<PeerState> state() {
        return state;
    }

    /** Last step trained. */
    public long step() {
        return step;
    }

    /** Highest step with a prediction of the peer. */
    public long predicted() {
        return predicted;
    }

    /** When its last message was read, by the reader's clock. */
    public long lastMessageMs() {
        return lastMessageMs;
    }

    /** Trained images per second from first to last update, evaluation excluded. */
    public double imagesPerSecond() {
        return left.flatMap(Left::result).map(Left.Result::imagesPerSecond).orElse(figures.imagesPerSecond());
    }

    /** Share of time spent waiting, 0..1. */
    public double waitShare() {
        return left.flatMap(Left::result).map(Left.Result::waitShare).orElse(figures.waitShare());
    }

    /** Its report of the newest known update. */
    public Optional<StepReport> report() {
        return report;
    }

    /** First step that it trained, known when it has left; 1 before that. */
    public long firstStep() {
        return left.flatMap(Left::result).map(Left.Result::firstStep).orElse(1L);
    }

    /** Its last message; empty while it has not left. */
    public Optional<Left> left() {
        return left;
    }

    public boolean finished() {
        return left.filter(l -> l.reason().equals(Left.FINISHED)).isPresent();
    }

    /** Whether it left because it was drained. */
    public boolean drained() {
        return left.filter(l -> l.reason().startsWith("drained")).isPresent();
    }

    /** Whether it has left or was given up. */
    public boolean ended() {
        return left.isPresent() || givenUp;
    }

    /** Whether it keeps up with the others, by the state it reports. */
    boolean atTheFront() {
        boolean behind = state.filter(s -> s == PeerState.JOINING || s == PeerState.CATCHING_UP)
                .isPresent();
        return state.isPresent() && !behind && (!ended() || finished());
    }

    /** Number of its predictions that the coordinator rejected. */
    public long rejections() {
        return rejections;
    }

    /** Test results by epoch. */
    public SortedMap<Integer, Test> tests() {
        return Collections.unmodifiableSortedMap(tests);
    }

    /** The newest test accuracy, 0..1. */
    public OptionalDouble testAccuracy() {
        Optional<Left.Result> result = left.flatMap(Left::result);
        if (result.isPresent()) {
            return OptionalDouble.of(result.get().testAccuracy());
        }
        return tests.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(tests.lastEntry().getValue().accuracy());
    }

    /**
     * Test accuracy by epoch, 0..1, of the peer's own teacher; empty if it has none or does not publish its test logits.
     */
    public SortedMap<Integer, Double> ownTeacherTests() {
        return Collections.unmodifiableSortedMap(ownTeacherTests);
    }

    /** The newest accuracy in {@link #ownTeacherTests}. */
    public OptionalDouble ownTeacherAccuracy() {
        return ownTeacherTests.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(ownTeacherTests.lastEntry().getValue());
    }

    public Curve crossEntropy() {
        return crossEntropy;
    }

    public Curve distillation() {
        return distillation;
    }

    public Curve waitShareCurve() {
        return waitShare;
    }

    /** Whether the run refused it a seat, so that it is not part of the run. */
    boolean wasRefused() {
        return step == 0
                && left.map(Left::reason).filter(r -> r.startsWith("refused")).isPresent();
    }

    /** What became of it if it neither finished nor was drained or refused, as a sentence. */
    Optional<String> unfinished() {
        if (finished() || drained() || wasRefused()) {
            return Optional.empty();
        }
        String fate = left.flatMap(Left::divergence).map(String::valueOf).orElse("did not finish");
        return Optional.of(id + " " + fate);
    }

    /** Epochs after which any of these peers was tested, ascending. */
    static NavigableSet<Integer> testedEpochs(Collection<PeerView> peers) {
        NavigableSet<Integer> epochs = new TreeSet<>();
        peers.forEach(p -> epochs.addAll(p.tests.keySet()));
        return epochs;
    }
}
