package dev.cohort.coordinator;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Unsayable;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes what is proposed for a step from the predictions that are there. */
final class Proposals {
    private final CoordinatorSetting setting;
    private final Teacher teacher;
    private final StepAssembly assembly;
    private final SlotHistory history;

    Proposals(CoordinatorSetting setting, Teacher teacher, StepAssembly assembly, SlotHistory history) {
        this.setting = setting;
        this.teacher = teacher;
        this.assembly = assembly;
        this.history = history;
    }

    /** The labels alone: the method does not distil, or there are too few predictions. */
    Proposal skip(Batch batch, NamedTensors state, long resendMs) {
        Outcome.SkipReason reason = teacher.distils() ? Outcome.SkipReason.TOO_FEW : Outcome.SkipReason.INDEPENDENT;
        return skip(batch, state, reason, resendMs);
    }

    private Proposal skip(Batch batch, NamedTensors state, Outcome.SkipReason reason, long resendMs) {
        Outcome outcome = new Outcome(
                batch.step(), 0, setting.name(), Teacher.hash(state), List.of(), new Outcome.Skipped(reason));
        return new Proposal(outcome, List.of(outcome), Optional.empty(), resendMs);
    }

    /**
     * Targets; none where numbers that are finite make others that are not, be it in the targets or in the trained state.
     *
     * @param good whose predictions can be used, in the order of their slots
     * @param exact whether the single process would have them all
     */
    Proposal targets(Batch batch, NamedTensors state, List<Member> good, boolean exact, long resendMs) {
        try {
            Proposal taught = taught(batch, state, good, exact, resendMs);
            boolean finite = taught.lesson().orElseThrow().next().asMap().values().stream()
                    .allMatch(Tensor::isFinite);
            return finite ? taught : skip(batch, state, Outcome.SkipReason.NOT_FINITE, resendMs);
        } catch (Unsayable e) {
            if (e.kind() != Unsayable.Kind.NOT_FINITE) {
                throw e;
            }
            return skip(batch, state, Outcome.SkipReason.NOT_FINITE, resendMs);
        }
    }

    private Proposal taught(Batch batch, NamedTensors state, List<Member> good, boolean exact, long resendMs) {
        long step = batch.step();
        Digest before = Teacher.hash(state);
        List<Teacher.Vote> votes = new ArrayList<>();
        List<Outcome.Contributor> contributors = new ArrayList<>();
        for (Member member : good) {
            StepAssembly.Entry entry = assembly.entry(step, member).orElseThrow();
            Prediction prediction = entry.prediction();
            votes.add(new Teacher.Vote(member.peer(), member.slot(), prediction.tensors()));
            contributors.add(new Outcome.Contributor(
                    member.peer(), member.slot(), prediction.incarnation(), prediction.version(), entry.digest()));
        }
        Ints renewed = history.renewed(SlotHistory.voters(contributors));
        Teacher.Lesson lesson = teacher.teach(teacher.renewed(state, renewed), votes(batch, votes));
        List<Message> messages = new ArrayList<>();
        List<Outcome.Part> parts = new ArrayList<>();
        for (Member member : good) {
            List<Term> terms = lesson.addressed().getOrDefault(member.slot(), List.of());
            if (!terms.isEmpty()) {
                Addressed addressed = new Addressed(step, 0, member.peer(), member.slot(), terms);
                parts.add(new Outcome.Part(member.peer(), addressed.digest()));
                messages.add(addressed);
            }
        }
        Outcome outcome = new Outcome(
                step,
                0,
                setting.name(),
                before,
                contributors,
                renewed,
                new Outcome.Targets(lesson.labelWeight(), lesson.terms(), parts, exact));
        messages.add(outcome);
        return new Proposal(outcome, messages, Optional.of(lesson), resendMs);
    }

    /** What the teacher makes of the predictions that the winning outcome of a step names. */
    Teacher.Lesson lesson(Outcome winner, Batch batch, NamedTensors state, List<Teacher.Vote> votes) {
        return teacher.teach(teacher.renewed(state, winner.renewed()), votes(batch, votes));
    }

    private Teacher.Votes votes(Batch batch, List<Teacher.Vote> votes) {
        return new Teacher.Votes(
                batch.step(), batch.epoch(), setting.learningRate().applyAsDouble(batch.step()), batch.labels(), votes);
    }
}
