package dev.cohort.peer;

import dev.cohort.protocol.Batch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * How far a peer has come: three positions in the sequence of steps.
 *
 * <ul>
 *   <li>The forward step is the next one whose batch goes through the network.
 *   <li>The training step is the oldest one that is not trained. The steps from it up to the forward step are open: their
 *       graphs are parked here, {@code openStepsMax} at most.
 *   <li>The version of the weights is the last step whose update they contain, the one before the training step. Each parked
 *       pass has the version of its own forward pass, which is older when other steps were open.
 * </ul>
 *
 * <p>Steps are opened and trained in order, without gaps.
 */
final class Progress {
    private final int openStepsMax;
    private final Deque<Parked> open = new ArrayDeque<>();
    private long firstStep;
    private long trainingStep;

    /**
     * @param firstStep at which training began
     * @param version of the weights; 0 for initial weights
     * @param openStepsMax how many forward passes may wait for their outcomes, at least 1
     */
    Progress(long firstStep, long version, int openStepsMax) {
        this.firstStep = firstStep;
        this.trainingStep = version + 1;
        this.openStepsMax = openStepsMax;
    }

    /** Skips the steps before {@code step}, if any are left, for a peer that joins a run at its head. */
    void startAt(long step) {
        if (step > trainingStep) {
            requireNothingOpen(step);
            trainingStep = step;
        }
        firstStep = Math.max(firstStep, step);
    }

    private void requireNothingOpen(long step) {
        if (!open.isEmpty()) {
            throw new IllegalStateException("skip to step " + step + ": step " + trainingStep
                    + " is open and must be trained or dropped first");
        }
    }

    /** The first step that this peer trained, or will train. */
    long firstStep() {
        return firstStep;
    }

    long forwardStep() {
        return trainingStep + open.size();
    }

    long trainingStep() {
        return trainingStep;
    }

    long version() {
        return trainingStep - 1;
    }

    boolean mayForward() {
        return open.size() < openStepsMax;
    }

    /** The forward pass of the training step, once it was made. */
    Optional<Parked> oldest() {
        return Optional.ofNullable(open.peekFirst());
    }

    /** The forward pass of the forward step was made. */
    void park(Parked pass) {
        Batch batch = pass.batch();
        if (batch.step() != forwardStep() || !mayForward()) {
            throw new IllegalStateException("forward pass of step " + batch.step() + ": must be of step "
                    + forwardStep() + ", with fewer than " + openStepsMax + " open");
        }
        open.addLast(pass);
    }

    /** The weights were updated with the oldest pass, which is closed. */
    void trained() {
        open.removeFirst().pass().close();
        trainingStep++;
    }

    /** Closes all open passes without training; their steps can be forwarded again. */
    void dropOpen() {
        open.forEach(parked -> parked.pass().close());
        open.clear();
    }
}
