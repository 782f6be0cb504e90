package dev.cohort.peer;

import dev.cohort.distill.Objective;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;

/**
 * A forward pass whose graph waits for its outcome.
 *
 * @param version of the weights in the forward pass: the last step whose update they contain
 * @param report on the step trained last before the forward pass, if there was one
 * @param published the tensors that every process may read
 * @param known the published tensors and those that the objective needs of this peer alone
 * @param digest of the prediction; an outcome that names another digest was computed from another forward pass
 */
record Parked(
        Batch batch,
        Learner.ForwardPass pass,
        long version,
        Optional<StepReport> report,
        Published published,
        NamedTensors known,
        Digest digest,
        Images images) {

    /** The place of {@code self} among the contributors, if the outcome was computed from this very prediction. */
    Optional<Objective.Place> standing(Outcome outcome, PeerId self) {
        List<Outcome.Contributor> contributors = outcome.contributors();
        for (int i = 0; i < contributors.size(); i++) {
            Outcome.Contributor c = contributors.get(i);
            if (c.peer().equals(self) && c.tensors().equals(digest)) {
                return Optional.of(new Objective.Place(i, contributors.size()));
            }
        }
        return Optional.empty();
    }

    /**
     * The loss of this pass and its gradients.
     *
     * @param labelWeight factor of the cross-entropy
     * @param terms those for everybody, then those for this peer
     */
    Objective.Result objective(double labelWeight, List<Term> terms, Optional<Objective.Place> standing) {
        Learner.Outputs own = pass.outputs();
        return Objective.of(
                batch.labels(),
                labelWeight,
                terms,
                own.tensors(),
                known,
                standing,
                own.logits().dtype());
    }

    /** The message that publishes this pass; the same one each time. */
    Prediction prediction(PeerSetting setting) {
        return new Prediction(
                batch.step(),
                0,
                setting.id(),
                setting.incarnation(),
                version,
                published.tensors(),
                published.references(),
                images.digest(),
                report);
    }
}
