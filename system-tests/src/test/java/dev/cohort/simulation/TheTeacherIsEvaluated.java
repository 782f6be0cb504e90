package dev.cohort.simulation;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import java.util.List;

/** After the last step the coordinator publishes the accuracy of its teacher, from the evaluations of its contributors. */
final class TheTeacherIsEvaluated implements Invariant {
    private final LogView log;

    TheTeacherIsEvaluated(LogView log) {
        this.log = log;
    }

    @Override
    public void ended(Simulation simulation) {
        long last = log.lastStep().orElse(0);
        boolean canBe = List.of("mean_logit", "one", "kdcl_general")
                .contains(simulation.scenario().method());
        if (!canBe || last == 0 || log.outcomes(last).isEmpty()) {
            return;
        }
        List<Outcome.Contributor> made = log.outcomes(last).get(0).contributors();
        boolean allSpoke = !made.isEmpty()
                && made.stream().allMatch(c -> evaluated(simulation, c.peer().value(), last));
        require(
                !allSpoke || simulation.lostEvaluations() || evaluated(simulation, Evaluation.TEACHER, last),
                "the contributors of the last step {} were evaluated, their teacher was not",
                last);
    }

    private static boolean evaluated(Simulation simulation, String source, long step) {
        return simulation.log().all(Topic.EVALUATIONS, Evaluation.class).stream()
                .anyMatch(e -> e.step() == step && e.source().equals(source));
    }
}
