package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.members.Admission;
import dev.cohort.coordinator.members.Lag;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorPiece;
import java.util.Optional;

/** Processes what peers publish about images: predictions for batches, and evaluations on the test images. */
public final class PredictionMessages {
    private final FollowedRun run;
    private final PredictionChecks checks;
    private final Admission admission;
    private final Lag lag;

    public PredictionMessages(FollowedRun run, PredictionChecks checks, Admission admission, Lag lag) {
        this.run = run;
        this.checks = checks;
        this.admission = admission;
        this.lag = lag;
    }

    /** Keeps a prediction for a step that is not closed; one for a closed step still shows how its peer keeps up. */
    public Optional<Rejection> take(Prediction prediction, long nowMs) {
        boolean closed = prediction.step() <= run.applied();
        if (closed || run.assembly().batch(prediction.step()).isPresent()) {
            lag.predicted(prediction, nowMs);
        }
        if (closed) {
            admission.predictedClosed(prediction, run.applied(), nowMs);
            return Optional.empty();
        }
        return run.prediction(prediction) && prediction.step() == run.openStep()
                ? checks.check(prediction.peer(), nowMs)
                : Optional.empty();
    }

    /** Keeps a piece of a feature map; a prediction of the open step that waited for it alone is checked. */
    public Optional<Rejection> take(TensorPiece piece, long nowMs) {
        return run.piece(piece) && piece.step() == run.openStep()
                ? checks.check(piece.peer(), nowMs)
                : Optional.empty();
    }

    /** Keeps an evaluation whose shapes are right. */
    public Optional<Rejection> take(Evaluation evaluation) {
        Optional<Rejection> rejection = checks.check(evaluation);
        if (rejection.isEmpty()) {
            run.evaluation(evaluation);
        }
        return rejection;
    }
}
