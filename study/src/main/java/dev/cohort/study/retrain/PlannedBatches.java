package dev.cohort.study.retrain;

import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Batch;
import dev.cohort.study.Verification;
import dev.cohort.tensor.Digest;
import java.util.Optional;

/** Checks the batches of a run: plans and renders them again from its experiment and its data. */
public final class PlannedBatches implements Verification.Batches {
    private final BatchPlan plan;
    private final BatchRenderer renderer;

    public PlannedBatches(Experiment experiment, ImageData data) {
        plan = BatchPlan.of(experiment, data);
        renderer = new BatchRenderer(data);
    }

    @Override
    public Optional<String> fault(Batch batch) {
        BatchPlan.Planned planned = plan.batch(batch.step());
        if (planned.epoch() != batch.epoch() || planned.endsEpoch() != batch.endsEpoch()) {
            return Optional.of("epoch " + batch.epoch() + ", planned: " + planned.epoch());
        } else if (!planned.labels().equals(batch.labels())) {
            return Optional.of("its labels differ from the planned ones");
        } else if (!planned.recipe().equals(batch.recipe())) {
            return Optional.of("its recipe differs from the planned one");
        }
        for (int view = 0; view < planned.recipe().views().size(); view++) {
            Digest rendered = renderer.render(planned.recipe(), view).digest();
            if (!rendered.equals(batch.digests().get(view))) {
                return Optional.of("digest " + batch.digests().get(view).shortHex() + " of view " + view
                        + ", rendered again: " + rendered.shortHex());
            }
        }
        return Optional.empty();
    }
}
