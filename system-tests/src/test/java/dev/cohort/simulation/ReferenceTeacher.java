package dev.cohort.simulation;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The teacher as it must be after each step, recomputed from the winning outcomes in the log and nothing else. */
final class ReferenceTeacher implements Invariant {
    private final LogView log;
    private final Teacher teacher;
    private final Parts parts;
    private final SortedMap<Long, NamedTensors> after = new TreeMap<>();
    private final SortedMap<Long, Digest> hashes = new TreeMap<>();

    ReferenceTeacher(LogView log, Teacher teacher, Parts parts) {
        this.log = log;
        this.teacher = teacher;
        this.parts = parts;
        keep(0, teacher.initialState());
    }

    private void keep(long step, NamedTensors state) {
        after.put(step, state);
        hashes.put(step, Teacher.hash(state));
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Outcome outcome && !after.containsKey(outcome.step())) {
            long step = outcome.step();
            require(after.containsKey(step - 1), "outcome of step {} comes before that of the step before", step);
            NamedTensors before = Optional.ofNullable(after.get(step - 1)).orElseThrow();
            keep(step, lesson(outcome).map(Teacher.TeacherStep::next).orElse(before));
        }
    }

    /** The teacher's step for the contributors of {@code outcome}; empty if it names none. */
    Optional<Teacher.TeacherStep> lesson(Outcome outcome) {
        if (outcome.contributors().isEmpty()) {
            return Optional.empty();
        }
        List<Teacher.PeerPrediction> votes = new ArrayList<>();
        for (Outcome.Contributor named : outcome.contributors()) {
            Prediction vote = log.prediction(outcome.step(), named.peer()).orElseThrow();
            votes.add(new Teacher.PeerPrediction(
                    named.peer(), named.slot(), log.tensors(vote).orElseThrow()));
        }
        Batch batch = log.batch(outcome.step()).orElseThrow();
        double rate = parts.learningRate().at(batch.step());
        NamedTensors before = Optional.ofNullable(after.get(outcome.step() - 1)).orElseThrow();
        return Optional.of(teacher.teach(
                teacher.renewed(before, outcome.renewed()),
                new Teacher.StepInput(batch.step(), batch.epoch(), rate, batch.labels(), votes)));
    }

    /** Hash of the state after {@code step}, once the outcome of that step is in the log. */
    Optional<Digest> hashAfter(long step) {
        return Optional.ofNullable(hashes.get(step));
    }
}
