package dev.cohort.peer;

import dev.cohort.distill.Objective;
import dev.cohort.distill.TestScore;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A student at the {@code strict} pace: it runs a batch forward, publishes the prediction, waits for the outcome, trains, and
 * only then starts the next batch. Training depends on the log alone, never on a clock: deadlines only resend messages that got
 * no answer.
 *
 * <p>Each call does at most one heavy operation (a forward pass, an update, an evaluation) and asks for another call at once if
 * more work is ready, so that messages do not wait.
 */
public final class Peer implements Node {
    /** Strict pace: each forward pass uses the weights after the step before. */
    private static final int OPEN_STEPS_MAX = 1;

    private final PeerSetting setting;
    private final Learner learner;
    private final Renderer renderer;
    private final CheckpointSchedule checkpointSchedule;
    private final Publication publication;
    private final TimeUse timeUse = new TimeUse();

    private final ReadAhead ahead;
    private final SeatRequest seatRequest;
    private final long restoredStep;
    private final Progress progress;
    private Optional<Batch> toEvaluate = Optional.empty();
    private Optional<Batch> lastBatch = Optional.empty();
    private long evaluatedStep = -1;
    private double testAccuracy;
    private Optional<StepReport> report = Optional.empty();
    private final EndOfRun end = new EndOfRun();
    private final Leaving leaving;
    private Optional<Left> left = Optional.empty();
    private long taught;
    private long untaught;
    private long late;
    private final Unanswered unanswered;
    private long wakeMs = Long.MIN_VALUE;
    private volatile PeerStatus status;

    /** Restores the newest checkpoint, if one exists. */
    public Peer(PeerSetting setting, Learner learner, Renderer renderer, CheckpointStore checkpoints) {
        this.setting = setting;
        this.learner = learner;
        this.renderer = renderer;
        this.checkpointSchedule = new CheckpointSchedule(checkpoints, setting.checkpointSteps());
        this.publication = new Publication(setting);
        this.unanswered = new Unanswered(setting.resendMs());
        this.leaving = new Leaving(setting.id(), setting.incarnation());
        Optional<CheckpointStore.Checkpoint> from = checkpoints.newest();
        from.ifPresent(c -> learner.restore(c.learner()));
        restoredStep = from.map(CheckpointStore.Checkpoint::step).orElse(0L);
        progress =
                new Progress(from.map(CheckpointStore.Checkpoint::firstStep).orElse(1L), restoredStep, OPEN_STEPS_MAX);
        ahead = new ReadAhead(setting.id(), progress);
        seatRequest = new SeatRequest(setting, from.isPresent());
        status = statusNow();
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        timeUse.tick(nowMs);
        List<Message> out = new ArrayList<>();
        if (message instanceof Batch batch) {
            take(batch);
        } else if (message instanceof Outcome outcome) {
            ahead.outcome(outcome);
        } else if (message instanceof Addressed part) {
            ahead.addressed(part);
        } else if (message instanceof TensorPiece piece) {
            ahead.piece(piece);
            progress.oldest()
                    .ifPresent(open -> ahead.requireGradients(open.batch().step()));
        } else if (message instanceof Admitted answer) {
            answered(seatRequest.take(answer));
        } else if (message instanceof End last) {
            end.end(last);
        } else if (message instanceof Left other) {
            leaving.left(other);
        } else if (message instanceof Command command) {
            commanded(command);
        }
        work(nowMs, out);
        return out;
    }

    /** Does nothing: training does not depend on how far the log has been read. */
    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return List.of();
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        timeUse.tick(nowMs);
        List<Message> out = new ArrayList<>();
        work(nowMs, out);
        return out;
    }

    @Override
    public long nextDeadlineMs() {
        return wakeMs;
    }

    private void take(Batch batch) {
        if (!end.batch(batch)) {
            return;
        }
        ahead.batch(batch);
        if (batch.step() == progress.version() && batch.step() == restoredStep) {
            // Trained before a restart; needed if only its evaluation is left.
            lastBatch = Optional.of(batch);
        }
    }

    private void answered(SeatRequest.Answer answer) {
        if (answer instanceof SeatRequest.Answer.Refused refused) {
            leaving.refused(refused.reason());
        } else if (answer instanceof SeatRequest.Answer.Seated seated) {
            leaving.admitted();
            progress.startAt(seated.firstStep());
            ahead.dropTrained();
        }
    }

    private void commanded(Command command) {
        leaving.commanded(command);
        if (command.kind() == Command.Kind.ABORT) {
            progress.dropOpen();
        }
    }

    /** Does the next heavy operation, if one is ready, and sends or resends messages. */
    private void work(long nowMs, List<Message> out) {
        if (left.isEmpty()) {
            seatRequest.ask(nowMs, progress.version(), learner).ifPresent(out::add);
            leaving.news(progress.forwardStep() - 1).ifPresent(out::add);
            boolean busy = heavy(nowMs, out);
            if (!busy && !finishing(out)) {
                resend(nowMs, out);
            }
        }
        status = statusNow();
        boolean atOnce = left.isEmpty() && (timeUse.wantsCall() || hasWork());
        wakeMs = left.isPresent()
                ? Long.MAX_VALUE
                : atOnce ? nowMs : Math.max(Math.min(unanswered.dueMs(), seatRequest.deadlineMs()), nowMs + 1);
    }

    private boolean heavy(long nowMs, List<Message> out) {
        if (checkpointSchedule.isDue()) {
            checkpointSchedule.write();
            return true;
        }
        if (toEvaluate.isPresent()) {
            evaluate(toEvaluate.get(), out);
            return true;
        }
        Optional<Batch> batch = ready();
        if (batch.isEmpty() && checkpointSchedule.waits()) {
            checkpointSchedule.write();
            return true;
        }
        if (canTrain()) {
            progress.oldest().ifPresent(this::train);
            return true;
        }
        if (batch.filter(publication::needsHeldOut).isPresent()) {
            evaluateHeldOut();
        } else {
            batch.ifPresent(b -> forward(b, nowMs, out));
        }
        return batch.isPresent();
    }

    /** The batch that can go through the network now. */
    private Optional<Batch> ready() {
        return progress.mayForward() && !leaving.begun() && seatRequest.slot().isPresent()
                ? ahead.batch(progress.forwardStep())
                : Optional.empty();
    }

    private void evaluateHeldOut() {
        // Takes as long as an evaluation: heartbeats must report that state meanwhile, or the peer counts as late.
        status = statusNow();
        publication.evaluateHeldOut(learner, renderer);
        timeUse.spent(TimeUse.Use.EVALUATING);
    }

    /** Whether the next call could do a heavy operation. */
    private boolean hasWork() {
        return toEvaluate.isPresent()
                || checkpointSchedule.waits()
                || canTrain()
                || (progress.oldest().isEmpty() && ended())
                || (progress.mayForward()
                        && seatRequest.slot().isPresent()
                        && ahead.batch(progress.forwardStep()).isPresent());
    }

    private void forward(Batch batch, long nowMs, List<Message> out) {
        Images images = renderer.render(batch, seatRequest.slot().orElseThrow());
        NamedTensors extras = publication.takeExtras(batch, learner);
        Learner.ForwardPass pass = learner.forward(images, batch.step());
        Published published = publication.of(pass.outputs(), extras);
        Optional<String> lost = Finiteness.lost(pass.outputs(), published);
        if (lost.isPresent()) {
            pass.close();
            leaving.diverged(batch.step(), lost.get());
            return;
        }
        Parked parked = new Parked(
                batch,
                pass,
                progress.version(),
                report,
                published,
                Publication.known(published.tensors(), pass.outputs()),
                published.digest(),
                images);
        progress.park(parked);
        timeUse.spent(TimeUse.Use.COMPUTING);
        if (ahead.outcome(batch.step()).isEmpty()) {
            out.addAll(pieces(parked));
            out.add(parked.prediction(setting));
            unanswered.sent(nowMs);
        }
    }

    private boolean canTrain() {
        return progress.oldest()
                .filter(parked -> setting.observer()
                        || ahead.outcome(progress.trainingStep())
                                .filter(o -> parked.standing(o, setting.id()).isEmpty() || ahead.hasOwnPart(o))
                                .isPresent())
                .isPresent();
    }

    private void train(Parked of) {
        long step = of.batch().step();
        Objective.Result result = objective(of, ahead.outcome(step));
        Optional<String> lost = Finiteness.lost(result);
        if (lost.isPresent()) {
            progress.dropOpen();
            leaving.diverged(step, lost.get());
            return;
        }
        learner.backward(of.pass(), result.gradients(), result.loss());
        learner.update(setting.learningRate().applyAsDouble(step));
        if (!setting.observer()) {
            ahead.outcome(step)
                    .map(outcome -> Publication.copies(outcome, seatRequest.slot()))
                    .filter(copies -> !copies.isEmpty())
                    .ifPresent(learner::takeUp);
        }
        report = Optional.of(new StepReport(
                step,
                result.crossEntropy(),
                result.distillation(),
                result.correct(),
                !result.termLosses().isEmpty()));
        timeUse.updated(of.batch().rows());
        progress.trained();
        ahead.dropTrained();
        unanswered.answered();
        boolean last = step == setting.plannedSteps() || end.isLast(step);
        if (of.batch().endsEpoch() || last) {
            toEvaluate = Optional.of(of.batch());
        } else {
            checkpointSchedule.updated(progress.firstStep(), step, learner);
        }
        lastBatch = Optional.of(of.batch());
    }

    private Objective.Result objective(Parked of, Optional<Outcome> outcome) {
        double labelWeight = 1;
        List<Term> terms = List.of();
        Optional<Objective.Place> standing = Optional.empty();
        if (!setting.observer()
                && outcome.isPresent()
                && outcome.get().resolution() instanceof Outcome.Targets targets) {
            standing = of.standing(outcome.get(), setting.id());
            labelWeight = targets.labelWeight();
            terms = new ArrayList<>(targets.terms());
            if (standing.isPresent()) {
                terms.addAll(ahead.ownTerms(targets));
            } else {
                late++;
            }
            taught++;
        } else {
            untaught++;
        }
        return of.objective(labelWeight, terms, standing);
    }

    private void evaluate(Batch after, List<Message> out) {
        toEvaluate = Optional.empty();
        Learner.Outputs outputs = learner.infer(renderer.testImages());
        timeUse.spent(TimeUse.Use.EVALUATING);
        NamedTensors published = publication.ofTestImages(outputs);
        Optional<String> lost = Finiteness.lost(outputs, published);
        if (lost.isPresent()) {
            leaving.diverged(after.step(), "on the test images, " + lost.get());
            return;
        }
        TestScore score = TestScore.of(outputs.logits(), setting.testLabels());
        testAccuracy = score.accuracy();
        evaluatedStep = after.step();
        boolean last = after.step() == setting.plannedSteps() || end.isLast(after.step());
        out.add(Evaluation.of(
                after.step(),
                after.epoch(),
                last,
                setting.id().value(),
                score.accuracy(),
                score.crossEntropy(),
                setting.evaluationLogits() ? published : NamedTensors.none()));
        checkpointSchedule.evaluated(progress.firstStep(), after.step(), learner, score.accuracy());
    }

    private boolean ended() {
        return leaving.begun() || progress.trainingStep() > end.lastStep().orElse(Long.MAX_VALUE);
    }

    /** Leaves when no work is left; true if the peer has left or must only evaluate first. */
    private boolean finishing(List<Message> out) {
        if (!ended() || progress.oldest().isPresent()) {
            return false;
        }
        if (lastBatch.isPresent()
                && leaving.inOrder()
                && evaluatedStep != lastBatch.orElseThrow().step()) {
            toEvaluate = lastBatch;
            return true;
        }
        Left message = leaving.message(new Left.Result(
                progress.firstStep(),
                progress.version(),
                testAccuracy,
                timeUse.imagesPerSecond(),
                timeUse.waitShare(),
                learner.weights()));
        left = Optional.of(message);
        out.add(message);
        return true;
    }

    private List<TensorPiece> pieces(Parked parked) {
        return parked.published()
                .pieces(parked.batch().step(), setting.id(), seatRequest.slot().orElseThrow());
    }

    private void resend(long nowMs, List<Message> out) {
        if (nowMs < unanswered.dueMs()) {
            return;
        }
        Optional<Parked> open = progress.oldest();
        if (open.isEmpty() || ahead.outcome(progress.trainingStep()).isPresent()) {
            unanswered.answered();
            return;
        }
        unanswered.repeated(nowMs);
        if (unanswered.withMaps()) {
            out.addAll(pieces(open.get()));
        }
        out.add(open.get().prediction(setting));
    }

    private PeerStatus statusNow() {
        String waitingFor = waitingFor();
        return new PeerStatus(
                setting.id(),
                setting.incarnation(),
                setting.model(),
                setting.device(),
                state(),
                progress.version(),
                restoredStep,
                waitingFor,
                timeUse.since(waitingFor),
                taught,
                untaught,
                late,
                timeUse.figures(report));
    }

    private PeerState state() {
        if (left.isPresent()) {
            return PeerState.FINISHED;
        } else if (toEvaluate.isPresent()
                || ready().filter(publication::needsHeldOut).isPresent()) {
            return PeerState.EVALUATING;
        } else if (seatRequest.slot().isEmpty() || (!seatRequest.answered() && progress.forwardStep() == 1)) {
            return PeerState.JOINING;
        } else if (ahead.outcome(progress.trainingStep() + 1).isPresent()) {
            return PeerState.CATCHING_UP;
        }
        return progress.oldest().isPresent() && !canTrain() ? PeerState.WAITING : PeerState.TRAINING;
    }

    private String waitingFor() {
        if (left.isPresent()) {
            return "";
        } else if (seatRequest.slot().isEmpty()) {
            return "a seat from the coordinator";
        } else if (canTrain()) {
            return "";
        } else if (!progress.mayForward()) {
            return "outcome of step " + progress.trainingStep();
        }
        long step = progress.forwardStep();
        return ahead.batch(step).isPresent() ? "" : "batch " + step;
    }

    /** The current status; any thread may read it. */
    public PeerStatus status() {
        return status;
    }

    /** The last message of this peer, once it has left. */
    public Optional<Left> left() {
        return left;
    }
}
