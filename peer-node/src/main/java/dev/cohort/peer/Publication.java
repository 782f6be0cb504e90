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
final class Publication {
    private final PeerSetting setting;
    private Optional<Tensor> opinion = Optional.empty();

    Publication(PeerSetting setting) {
        this.setting = setting;
    }

    /** Whether it must {@link #judge} the held-out images before it may look at this batch, the last one of an epoch. */
    boolean owesOpinion(Batch batch) {
        return batch.endsEpoch() && setting.reads().contains(TensorName.VALIDATION) && opinion.isEmpty();
    }

    /** Notes what it thinks of the held-out images now. */
    void judge(Learner learner, Renderer renderer) {
        opinion =
                Optional.of(learner.infer(renderer.validationImages()).logits().as(setting.logits()));
    }

    /**
     * What is said now and then, taken before the forward pass: weights that it hands over, and what it thinks of the held-out
     * images, once it was noted.
     */
    NamedTensors takeBesides(Batch batch, Learner learner) {
        NamedTensors weights = learner.handedOver(batch.step());
        NamedTensors all =
                opinion.map(o -> weights.with(TensorName.VALIDATION, o)).orElse(weights);
        opinion = Optional.empty();
        return all;
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

    /** What is published of the test images: that, and the logits of the peer's own teacher, so that it can be scored. */
    NamedTensors ofTestImages(Learner.Outputs outputs) {
        return withOwnTeacher(of(outputs, NamedTensors.none()), outputs);
    }

    /** What is published, and what the objective needs of this peer alone; this stays in the peer. */
    static NamedTensors known(NamedTensors published, Learner.Outputs outputs) {
        NamedTensors taught = withOwnTeacher(published, outputs);
        return outputs.branches()
                .map(branches -> taught.with(TensorName.BRANCHES, branches))
                .orElse(taught);
    }

    private static NamedTensors withOwnTeacher(NamedTensors tensors, Learner.Outputs outputs) {
        return outputs.ownTeacher()
                .filter(teacher -> tensors.find(TensorName.OWN_TEACHER).isEmpty())
                .map(teacher -> tensors.with(TensorName.OWN_TEACHER, teacher))
                .orElse(tensors);
    }
}
