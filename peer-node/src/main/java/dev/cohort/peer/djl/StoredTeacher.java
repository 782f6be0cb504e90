package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Teaches with a stored network that is never trained, or with several, one of which is drawn for each batch ({@link
 * OwnTeacher.Frozen}). It adds nothing to the snapshot: the networks come from their own files.
 */
final class StoredTeacher implements TeacherNetwork {
    private final List<DjlLearner> networks;
    private final OwnTeacher.Frozen frozen;
    private Optional<Answer> newest = Optional.empty();

    /** The logits for one set of images; the test images come again and again. */
    private record Answer(Images images, Tensor logits) {}

    private StoredTeacher(List<DjlLearner> networks, OwnTeacher.Frozen frozen) {
        this.networks = List.copyOf(networks);
        this.frozen = frozen;
    }

    /**
     * @param setting of the student
     * @throws IllegalArgumentException when a checkpoint cannot be read, or none fits the student
     */
    static StoredTeacher of(LearnerSetting setting, OwnTeacher.Frozen frozen) {
        List<StoredNetwork> stored =
                frozen.checkpoints().stream().map(c -> read(c, setting)).toList();
        if (frozen.choice() == OwnTeacher.Frozen.Choice.OF_ITS_MODEL) {
            stored = stored.stream()
                    .filter(n -> n.about().model().equals(setting.model()))
                    .limit(1)
                    .toList();
        }
        if (stored.isEmpty()) {
            throw new IllegalArgumentException("model " + setting.model()
                    + ": needs a stored teacher of the same model, but " + frozen.checkpoints()
                    + " are of other models");
        }
        List<DjlLearner> networks = new ArrayList<>();
        try {
            for (StoredNetwork one : stored) {
                DjlLearner network = new DjlLearner(setting.of(one.about()));
                networks.add(network);
                network.restore(one.weights());
            }
            return new StoredTeacher(networks, frozen);
        } catch (IllegalArgumentException e) {
            networks.forEach(DjlLearner::close);
            throw e;
        }
    }

    private static StoredNetwork read(String checkpoint, LearnerSetting setting) {
        try {
            StoredNetwork network = StoredNetwork.read(checkpoint);
            boolean fits = network.about().classes() == setting.classes()
                    && network.about().image().equals(setting.image());
            if (!fits) {
                throw new IllegalArgumentException("stored teacher " + checkpoint + " of " + network.about()
                        + ": must have " + setting.classes() + " classes and images of " + setting.image());
            }
            return network;
        } catch (IOException e) {
            throw new IllegalArgumentException("stored teacher " + checkpoint + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<Tensor> batchLogits(Images images, long step) {
        return Optional.of(
                networks.get(isDrawn() ? frozen.drawn(step) : 0).infer(images).logits());
    }

    private boolean isDrawn() {
        return frozen.choice() == OwnTeacher.Frozen.Choice.DRAWN;
    }

    /** Empty if the teacher is drawn for each batch: several teachers have no single answer for the test images. */
    @Override
    public Optional<Tensor> testLogits(Images images) {
        if (isDrawn()) {
            return Optional.empty();
        }
        Answer answer = newest.filter(known -> known.images().equals(images))
                .orElseGet(
                        () -> new Answer(images, networks.get(0).infer(images).logits()));
        newest = Optional.of(answer);
        return Optional.of(answer.logits());
    }

    @Override
    public void close() {
        networks.forEach(DjlLearner::close);
    }
}
