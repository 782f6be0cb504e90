package dev.cohort.simulation;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Message;
import dev.cohort.tensor.Digest;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** After step t the teacher of every coordinator, restarted and superseded ones included, has the state of the log. */
final class CoordinatorsAgreeOnTeacherState implements Invariant {
    private final Simulation simulation;
    private final ReferenceTeacher reference;
    private final SortedMap<String, Long> checked = new TreeMap<>();

    CoordinatorsAgreeOnTeacherState(Simulation simulation, ReferenceTeacher reference) {
        this.simulation = simulation;
        this.reference = reference;
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> sent) {
        Coordinator coordinator = simulation.coordinators().get(process.name());
        if (coordinator == null || checked.getOrDefault(process.name(), -1L) == coordinator.applied()) {
            return;
        }
        checked.put(process.name(), coordinator.applied());
        Digest state = Teacher.hash(coordinator.state());
        Optional<Digest> expected = reference.hashAfter(coordinator.applied());
        require(
                expected.equals(Optional.of(state)),
                "{} has teacher {} after step {}, the log gives {}",
                process.name(),
                state,
                coordinator.applied(),
                expected);
    }
}
