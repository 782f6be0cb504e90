package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;

/**
 * An outcome proposed for the open step.
 *
 * @param messages the addressed parts that the outcome names, then the outcome; published again until the log holds an outcome
 * @param teacherStep result of the teacher, kept so that it is not computed twice; empty without targets
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

    /** The teacher's result, if {@code winner} was computed from the same predictions and state. */
    public Optional<Teacher.TeacherStep> computedFor(Outcome winner) {
        Ints renewed = winner.renewed();
        return outcome.contributors().equals(winner.contributors())
                        && outcome.renewed().equals(renewed)
                ? teacherStep
                : Optional.empty();
    }
}
