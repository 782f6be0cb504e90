package dev.cohort.peer;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which of a student's tensors everybody may read: its logits, and what the method reads besides. */
record Publication(PeerSetting setting) {
    /**
     * What is said now and then, before the forward pass: what it thinks of the held-out images with its last batch of an epoch,
     * if the method reads that, and weights that it hands over.
     */
    NamedTensors besides(Batch batch, Learner learner, Renderer renderer) {
        NamedTensors weights = learner.handedOver(batch.step());
        if (!batch.endsEpoch() || !setting.reads().contains(TensorName.VALIDATION)) {
            return weights;
        }
        Tensor logits = learner.infer(renderer.validationImages()).logits();
        return weights.with(TensorName.VALIDATION, logits.as(setting.logits()));
    }

    /** The copies of other students in an outcome, by slot. */
    static SortedMap<Integer, NamedTensors> copies(Outcome outcome, Optional<Integer> ownSlot) {
        SortedMap<Integer, NamedTensors> copies = new TreeMap<>();
        if (outcome.resolution() instanceof Outcome.Targets targets) {
            for (Term term : targets.terms()) {
                if (term instanceof Term.Copies handed) {
                    handed.students().stream()
                            .filter(copy -> !Optional.of(copy.slot()).equals(ownSlot))
                            .forEach(copy -> copies.put(copy.slot(), copy.weights()));
                }
            }
        }
        return copies;
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
