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

/** Chooses the tensors that a student publishes: its logits and whatever else the method reads. */
final class Publication {
    private final PeerSetting setting;
    private Optional<Tensor> heldOut = Optional.empty();

    Publication(PeerSetting setting) {
        this.setting = setting;
    }

    /** Whether the held-out images must be evaluated before this batch, the last one of an epoch. */
    boolean needsHeldOut(Batch batch) {
        return batch.endsEpoch() && setting.reads().contains(TensorName.VALIDATION) && heldOut.isEmpty();
    }

    /** Evaluates the held-out images with the current weights; the logits are published with the next prediction. */
    void evaluateHeldOut(Learner learner, Renderer renderer) {
        heldOut =
                Optional.of(learner.infer(renderer.validationImages()).logits().as(setting.logits()));
    }

    /**
     * The tensors that only some predictions carry, taken before the forward pass: weights for other students, and the logits
     * of the held-out images if they were evaluated.
     */
    NamedTensors takeExtras(Batch batch, Learner learner) {
        NamedTensors weights = learner.handedOver(batch.step());
        NamedTensors all =
                heldOut.map(o -> weights.with(TensorName.VALIDATION, o)).orElse(weights);
        heldOut = Optional.empty();
        return all;
    }

    /** The weights of other students in an outcome, by slot. */
    static SortedMap<Integer, NamedTensors> copies(Outcome outcome, Optional<Integer> ownSlot) {
        SortedMap<Integer, NamedTensors> copies = new TreeMap<>();
        if (outcome.resolution() instanceof Outcome.Targets targets) {
            for (Term term : targets.terms()) {
                if (term instanceof Term.Copies copied) {
                    copied.students().stream()
                            .filter(copy -> !Optional.of(copy.slot()).equals(ownSlot))
                            .forEach(copy -> copies.put(copy.slot(), copy.weights()));
                }
            }
        }
        return copies;
    }

    private NamedTensors maps(Learner.Outputs outputs) {
        NamedTensors maps = NamedTensors.none();
        for (String name : setting.reads()) {
            if (TensorName.isMap(name)) {
                Tensor map = outputs.tensors()
                        .find(name)
                        .orElseThrow(() -> new IllegalStateException(
                                "the method reads the feature map " + name + ", but this peer's network has none"));
                maps = maps.with(name, map.as(setting.maps()));
            }
        }
        return maps;
    }

    /** The tensors published for a batch, with {@code extras}. */
    Published of(Learner.Outputs outputs, NamedTensors extras) {
        return Published.of(tensors(outputs, extras), maps(outputs));
    }

    private NamedTensors tensors(Learner.Outputs outputs, NamedTensors extras) {
        NamedTensors tensors = extras.with(TensorName.LOGITS, outputs.logits().as(setting.logits()));
        if (setting.reads().contains(TensorName.FEATURES)) {
            tensors = tensors.with(TensorName.FEATURES, outputs.features().as(setting.features()));
        }
        return setting.reads().contains(TensorName.OWN_TEACHER)
                ? tensors.with(
                        TensorName.OWN_TEACHER,
                        outputs.ownTeacher()
                                .orElseThrow(
                                        () -> new IllegalStateException(
                                                "the method reads the logits of this peer's own teacher, but this peer has none"))
                                .as(setting.logits()))
                : tensors;
    }

    /**
     * The tensors published for the test images: those of a batch but for feature maps, and the own teacher's logits, so that the
     * teacher can be scored.
     */
    NamedTensors ofTestImages(Learner.Outputs outputs) {
        return withOwnTeacher(tensors(outputs, NamedTensors.none()), outputs);
    }

    /** The published tensors and those that only this peer's objective needs, which stay in the peer. */
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
