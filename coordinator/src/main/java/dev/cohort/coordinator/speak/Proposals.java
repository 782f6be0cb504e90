package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.follow.SlotHistory;
import dev.cohort.coordinator.follow.StepAssembly;
import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Unsayable;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Computes the proposal for a step from the predictions received. */
public final class Proposals {
    private final CoordinatorSetting setting;
    private final FollowedRun run;

    public Proposals(CoordinatorSetting setting, FollowedRun run) {
        this.setting = setting;
        this.run = run;
    }

    /** An outcome without targets: the method does not distil, or there are too few predictions. */
    public Proposal skip(Batch batch, long resendMs) {
        Outcome.SkipReason reason =
                run.teacher().distils() ? Outcome.SkipReason.TOO_FEW : Outcome.SkipReason.INDEPENDENT;
        return skip(batch, reason, resendMs);
    }

    private Proposal skip(Batch batch, Outcome.SkipReason reason, long resendMs) {
        Outcome outcome = new Outcome(
                batch.step(), 0, setting.name(), Teacher.hash(run.state()), List.of(), new Outcome.Skipped(reason));
        return new Proposal(outcome, List.of(outcome), Optional.empty(), resendMs);
    }

    /**
     * An outcome with targets, or without them where finite predictions lead to non-finite targets or a non-finite trained state.
     *
     * @param good members with a valid prediction, in the order of their slots
     * @param exact whether all seated contributors are among them, as in a single process
     */
    public Proposal targets(Batch batch, List<Member> good, boolean exact, long resendMs) {
        try {
            Proposal taught = taught(batch, good, exact, resendMs);
            boolean finite = taught.teacherStep().orElseThrow().next().asMap().values().stream()
                    .allMatch(Tensor::isFinite);
            return finite ? taught : skip(batch, Outcome.SkipReason.NOT_FINITE, resendMs);
        } catch (Unsayable e) {
            if (e.kind() != Unsayable.Kind.NOT_FINITE) {
                throw e;
            }
            return skip(batch, Outcome.SkipReason.NOT_FINITE, resendMs);
        }
    }

    private Proposal taught(Batch batch, List<Member> good, boolean exact, long resendMs) {
        long step = batch.step();
        Digest before = Teacher.hash(run.state());
        List<Teacher.PeerPrediction> predictions = new ArrayList<>();
        List<Outcome.Contributor> contributors = new ArrayList<>();
        for (Member member : good) {
            StepAssembly.Entry entry = run.assembly().entry(step, member).orElseThrow();
            Prediction prediction = entry.prediction();
            predictions.add(new Teacher.PeerPrediction(member.peer(), member.slot(), entry.tensors()));
            contributors.add(new Outcome.Contributor(
                    member.peer(), member.slot(), prediction.incarnation(), prediction.version(), entry.digest()));
        }
        Ints renewed = run.history().renewed(SlotHistory.contributors(contributors));
        Teacher.TeacherStep teacherStep = run.teacherSteps().step(run.state(), renewed, batch, predictions);
        List<Message> messages = new ArrayList<>();
        List<Message> addressed = new ArrayList<>();
        List<Outcome.Part> parts = new ArrayList<>();
        for (Member member : good) {
            List<Term> terms = teacherStep.addressed().getOrDefault(member.slot(), List.of());
            if (!terms.isEmpty()) {
                MapGradients.Parcel parcel = MapGradients.parcel(step, 0, member.peer(), member.slot(), terms);
                parts.add(new Outcome.Part(member.peer(), parcel.addressed().digest()));
                messages.addAll(parcel.pieces());
                addressed.add(parcel.addressed());
            }
        }
        messages.addAll(addressed);
        Outcome outcome = new Outcome(
                step,
                0,
                setting.name(),
                before,
                contributors,
                renewed,
                new Outcome.Targets(teacherStep.labelWeight(), teacherStep.terms(), parts, exact));
        messages.add(outcome);
        return new Proposal(outcome, messages, Optional.of(teacherStep), resendMs);
    }
}
