package dev.cohort.peer;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;

/** Which of a student's tensors everybody may read: its logits, and what the method reads besides. */
record Publication(PeerSetting setting) {
    /** What it thinks of the held-out images: with its last batch of an epoch, and if the method reads that; else nothing. */
    NamedTensors heldOut(Batch batch, Learner learner, Renderer renderer) {
        if (!batch.endsEpoch() || !setting.reads().contains(TensorName.VALIDATION)) {
            return NamedTensors.none();
        }
        Tensor logits = learner.infer(renderer.validationImages()).logits();
        return NamedTensors.of(TensorName.VALIDATION, logits.as(setting.logits()));
    }

    /** What is said of a batch, and {@code besides}. */
    NamedTensors of(Learner.Outputs outputs, NamedTensors besides) {
        NamedTensors tensors = besides.with(TensorName.LOGITS, outputs.logits().as(setting.logits()));
        if (setting.reads().contains(TensorName.FEATURES)) {
            tensors = tensors.with(TensorName.FEATURES, outputs.features().as(setting.features()));
        }
        return setting.reads().contains(TensorName.OWN_TEACHER)
                ? tensors.with(
                        TensorName.OWN_TEACHER,
                        outputs.ownTeacher()
                                .orElseThrow(() -> new IllegalStateException(
                                        "the method reads the logits of this peer's own teacher, and it has none"))
                                .as(setting.logits()))
                : tensors;
    }

    /** That, and what the objective needs of this peer alone. */
    static NamedTensors known(NamedTensors published, Learner.Outputs outputs) {
        boolean said = published.find(TensorName.OWN_TEACHER).isPresent();
        NamedTensors taught = outputs.ownTeacher()
                .filter(teacher -> !said)
                .map(teacher -> published.with(TensorName.OWN_TEACHER, teacher))
                .orElse(published);
        return outputs.branches()
                .map(branches -> taught.with(TensorName.BRANCHES, branches))
                .orElse(taught);
    }
}
