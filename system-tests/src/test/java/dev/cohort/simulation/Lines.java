package dev.cohort.simulation;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Outcome.Skipped;
import dev.cohort.protocol.Outcome.Targets;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import java.util.Locale;
import java.util.stream.Collectors;

/** Short texts for messages. */
final class Lines {
    private Lines() {}

    /** A number that depends on the content of the text, and is cheaper to compute. */
    static long code(Object subject) {
        if (subject instanceof Outcome outcome) {
            return 31 * outcome.step()
                    + code(outcome.stateBefore())
                    + outcome.contributors().size();
        } else if (subject instanceof Prediction prediction) {
            return 31 * prediction.step()
                    + 7 * prediction.incarnation()
                    + code(prediction.rendered())
                    + prediction
                            .tensors()
                            .find(TensorName.LOGITS)
                            .map(logits -> logits.bytes().hashCode())
                            .orElse(0);
        } else if (subject instanceof Batch batch) {
            return 31 * batch.step() + code(batch.digests().get(0));
        } else if (subject instanceof Heartbeat beat) {
            return 31 * beat.step()
                    + beat.peer().hashCode()
                    + beat.state().name().hashCode();
        } else if (subject instanceof Admitted admitted) {
            return 31 * admitted.slot() + admitted.peer().hashCode() + admitted.step();
        } else if (subject instanceof Evaluation evaluation) {
            return 31 * evaluation.step() + Double.hashCode(evaluation.accuracy());
        } else if (subject instanceof Digest digest) {
            return digest.hashCode();
        }
        return text(subject).hashCode();
    }

    static String text(Object subject) {
        if (subject instanceof Digest weights) {
            return "weights are now " + weights.shortHex();
        }
        return subject instanceof Message message ? text(message) : subject.toString();
    }

    private static String text(Message message) {
        if (message instanceof Batch batch) {
            return "batch " + batch.step() + " (epoch " + batch.epoch() + ", images "
                    + batch.digests().get(0).shortHex() + ")";
        } else if (message instanceof End end) {
            return "end after step " + end.lastStep() + " (" + end.reason() + ")";
        } else if (message instanceof Prediction prediction) {
            return "prediction of " + prediction.peer() + "#" + prediction.incarnation() + " for step "
                    + prediction.step() + " ("
                    + prediction.digest().shortHex() + ", images "
                    + prediction.rendered().shortHex() + ")";
        } else if (message instanceof Outcome outcome) {
            return text(outcome);
        } else if (message instanceof TensorPiece piece) {
            return "piece " + (piece.index() + 1) + " of " + piece.count() + " of the "
                    + piece.use().name().toLowerCase(Locale.ROOT) + " of " + piece.peer() + " for step " + piece.step();
        } else if (message instanceof Addressed part) {
            return "part of outcome " + part.step() + " for " + part.peer();
        }
        return aboutPeers(message);
    }

    private static String text(Outcome outcome) {
        String from = outcome.contributors().stream()
                .map(c -> c.peer() + "#" + c.incarnation() + ":" + c.tensors().shortHex())
                .collect(Collectors.joining(" "));
        String what = "";
        if (outcome.resolution() instanceof Targets targets) {
            what = targets.terms().stream().map(Term::name).collect(Collectors.joining(", ", "targets [", "] of "))
                    + from;
        } else if (outcome.resolution() instanceof Skipped skipped) {
            what = "skipped, " + skipped.reason().name().toLowerCase(Locale.ROOT);
        }
        return "outcome " + outcome.step() + " by " + outcome.coordinator() + ": " + what + " (teacher "
                + outcome.stateBefore().shortHex() + ")";
    }

    private static String aboutPeers(Message message) {
        if (message instanceof Heartbeat beat) {
            return "heartbeat of " + beat.peer() + "#" + beat.incarnation() + ": "
                    + beat.state().name().toLowerCase(Locale.ROOT) + ", trained " + beat.step();
        } else if (message instanceof Joining joining) {
            return "joining: " + joining.peer() + "#" + joining.incarnation() + " with " + joining.trainedSteps()
                    + " steps trained" + (joining.observer() ? ", observer" : "");
        } else if (message instanceof Admitted admitted) {
            return "admitted: " + admitted.peer() + "#" + admitted.incarnation()
                    + (admitted.refused() ? ": refused, " + admitted.refusal() : " in slot " + admitted.slot());
        } else if (message instanceof Left left) {
            return "left: " + left.peer() + "#" + left.incarnation() + " " + left.reason();
        } else if (message instanceof StandingChange change) {
            return change.peer() + "#" + change.incarnation() + " is "
                    + change.standing().name().toLowerCase(Locale.ROOT) + ": " + change.why();
        } else if (message instanceof Draining draining) {
            return "draining: " + draining.peer() + "#" + draining.incarnation() + " answers up to step "
                    + draining.lastStep();
        } else if (message instanceof Rejection rejection) {
            return "rejection of " + rejection.peer() + " at step " + rejection.step() + ": " + rejection.detail();
        } else if (message instanceof Command command) {
            return "command " + command.kind().name().toLowerCase(Locale.ROOT)
                    + command.peer().map(p -> " " + p).orElse("");
        } else if (message instanceof Evaluation evaluation) {
            return String.format(
                    Locale.ROOT,
                    "evaluation of %s after step %d: %.3f",
                    evaluation.source(),
                    evaluation.step(),
                    evaluation.accuracy());
        } else if (message instanceof Snapshot snapshot) {
            return "snapshot of the teacher after step " + snapshot.step() + " ("
                    + snapshot.hash().shortHex() + ")";
        }
        return message.getClass().getSimpleName();
    }
}
