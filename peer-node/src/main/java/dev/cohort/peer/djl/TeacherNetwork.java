package dev.cohort.peer.djl;

import dev.cohort.protocol.Images;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;

/** The networks that teach one student ({@link TaughtStudent}): which logits they give, and how they change. */
sealed interface TeacherNetwork extends AutoCloseable permits TrailingTeacher, StoredTeacher, PeerCopies {
    /** Logits [N, C] for the training batch of {@code step}; empty while there is no teacher. */
    Optional<Tensor> batchLogits(Images images, long step);

    /** Logits [N, C] in evaluation mode; empty if this teacher gives none outside training. */
    Optional<Tensor> testLogits(Images images);

    /** Called after each update of {@code student}. */
    default void follow(DjlLearner student) {}

    /** Whether the student publishes its weights with its prediction of {@code step}. */
    default boolean exchangesAt(long step) {
        return false;
    }

    /** Takes the weights that other students published, by their slots. Weights of another architecture are ignored. */
    default void receive(SortedMap<Integer, NamedTensors> copies) {}

    /** The part of the snapshot that belongs to the teacher; none of its names is the name of a student's tensor. */
    default NamedTensors state() {
        return NamedTensors.none();
    }

    /** Whether the tensor of that name in a snapshot belongs to {@link #state}. */
    default boolean owns(String name) {
        return false;
    }

    /** Restores a {@link #state}. */
    default void restore(NamedTensors state) {}

    @Override
    void close();
}
