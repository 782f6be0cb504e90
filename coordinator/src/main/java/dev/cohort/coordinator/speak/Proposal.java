package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;

/**
 * What was proposed for the open step.
 *
 * @param messages the outcome and before it the parts it names, to be published again until one outcome is in the log
 * @param teacherStep what the teacher made, so as not to compute it twice; empty without targets
 * @param resendMs when they are published again
 */
public record Proposal(
        Outcome outcome, List<Message> messages, Optional<Teacher.TeacherStep> teacherStep, long resendMs) {
    public Proposal {
        messages = List.copyOf(messages);
    }

    public Proposal again(long nextResendMs) {
        return new Proposal(outcome, messages, teacherStep, nextResendMs);
    }

    /** The teacherStep, if {@code winner} was made from the same predictions on the same state. */
    public Optional<Teacher.TeacherStep> computedFor(Outcome winner) {
        Ints renewed = winner.renewed();
        return outcome.contributors().equals(winner.contributors())
                        && outcome.renewed().equals(renewed)
                ? teacherStep
                : Optional.empty();
    }
}
