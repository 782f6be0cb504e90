package dev.cohort.peer;

import dev.cohort.distill.Objective;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;

/**
 * A forward pass whose graph waits for its outcome.
 *
 * @param published what everybody may read
 * @param known that, and what the objective needs of this peer alone
 * @param digest of {@code published}; an outcome that names another one was made from another forward pass
 */
record Parked(
        Batch batch,
        Learner.ForwardPass pass,
        NamedTensors published,
        NamedTensors known,
        Digest digest,
        Images images) {

    /** The place of {@code self} among the contributors, if the outcome names exactly what it published. */
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
     * What the peer publishes about the batch.
     *
     * @param version updates before the forward pass
     * @param report on the step trained before, if there was one
     */
    Prediction prediction(PeerSetting setting, long version, Optional<StepReport> report) {
        return new Prediction(
                batch.step(), 0, setting.id(), setting.incarnation(), version, published, images.digest(), report);
    }
}
