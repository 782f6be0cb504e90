package dev.cohort.simulation;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** Teachers that lack one safeguard, a class for each. */
final class TeacherSaboteurs {
    private TeacherSaboteurs() {}

    /** A teacher that delegates everything. */
    private abstract static class WrappingTeacher implements Teacher {
        final Teacher inner;

        WrappingTeacher(Teacher inner) {
            this.inner = inner;
        }

        @Override
        public boolean distils() {
            return inner.distils();
        }

        @Override
        public List<String> reads() {
            return inner.reads();
        }

        @Override
        public int contributorsMin() {
            return inner.contributorsMin();
        }

        @Override
        public NamedTensors initialState() {
            return inner.initialState();
        }

        @Override
        public NamedTensors renewed(NamedTensors state, int slot) {
            return inner.renewed(state, slot);
        }

        @Override
        public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> votes) {
            return inner.evaluate(state, votes);
        }
    }

    /** Trains the gate whenever it makes a lesson, not when an outcome has won. */
    static final class TrainsWhenProposing extends WrappingTeacher {
        private Optional<NamedTensors> mine = Optional.empty();

        TrainsWhenProposing(Teacher inner) {
            super(inner);
        }

        @Override
        public TeacherStep teach(NamedTensors state, StepInput input) {
            TeacherStep lesson = inner.teach(mine.orElse(state), input);
            mine = Optional.of(lesson.next());
            return lesson;
        }
    }

    /** Keeps the state of a slot when another peer takes it. */
    static final class RemembersFormerVoters extends WrappingTeacher {
        RemembersFormerVoters(Teacher inner) {
            super(inner);
        }

        @Override
        public NamedTensors renewed(NamedTensors state, int slot) {
            return state;
        }

        @Override
        public TeacherStep teach(NamedTensors state, StepInput input) {
            return inner.teach(state, input);
        }
    }

    /** Lets absent peers vote: with zeros, as if their slots were not masked. */
    static final class CountsTheAbsent extends WrappingTeacher {
        CountsTheAbsent(Teacher inner) {
            super(inner);
        }

        @Override
        public TeacherStep teach(NamedTensors state, StepInput input) {
            List<PeerPrediction> all = new ArrayList<>(input.predictions());
            for (int slot = 0; slot < 2; slot++) {
                int absent = slot;
                if (all.stream().noneMatch(v -> v.slot() == absent)) {
                    all.add(
                            slot,
                            new PeerPrediction(
                                    new PeerId("absent"), slot, zeros(all.get(0).tensors())));
                }
            }
            SoftLabels labels = input.labels();
            return inner.teach(state, new StepInput(input.step(), input.epoch(), input.learningRate(), labels, all));
        }

        private static NamedTensors zeros(NamedTensors like) {
            NamedTensors zeros = NamedTensors.none();
            for (var tensor : like.asMap().entrySet()) {
                Tensor value = tensor.getValue();
                zeros = zeros.with(
                        tensor.getKey(),
                        Tensor.of(
                                value.dtype(),
                                new double[value.size()],
                                value.shape().toArray()));
            }
            return zeros;
        }
    }
}
