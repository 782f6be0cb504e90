package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Votes;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A vote: every peer names one class per image, and learns from what the peers named. How sure a peer was counts for nothing, so
 * one that is sure and wrong is outvoted.
 *
 * <pre>
 * L_i = CE(z_i, y) + w CE(z_i, q_i),  v_j = argmax of z_j, q_i constant
 * shares:    q_i = share of each class in the votes of the others
 * majority:  q_i = the class with most votes of all peers, oneself included
 * dL_i/dz_i = ((1 + w) softmax(z_i) - y - w q_i) / B
 * </pre>
 *
 * Equal logits and equal counts go to the lowest class ({@link Votes}). Of two peers, each has the other's vote as its target in
 * the form {@code shares}. The reported loss is the divergence from q_i, which is smaller than the cross-entropy by the entropy of
 * q_i; the gradients are equal.
 *
 * <p>The class of the majority is sent to all as [B, C] of a one and zeros, in 16 bits, which hold them exactly. Shares differ from
 * peer to peer, so they are addressed; a peer that does not contribute gets the shares of all votes. The peers still publish
 * their logits, though the vote needs one class per row.
 *
 * <p>Source of the idea: TallyTrain (arXiv 2607.00173), of which only the abstract was accessible. Ties, both forms and the weight
 * are ours.
 */
final class Majority implements Teacher {
    private static final String FORM = "form";
    private static final String SHARES = "shares";
    private static final String MAJORITY = "majority";

    static final Method METHOD = new Method(
            "majority",
            "every peer learns the classes that the peers vote for",
            "L_i = CE(z_i, y) + w(epoch) CE(z_i, q_i), q_i = shares of the others' votes, or the class with most votes of"
                    + " all; a vote is the class of the largest logit",
            "TallyTrain, arXiv 2607.00173 (abstract only; ties, forms and weight are ours)",
            Distillation.withoutTemperature(
                    "1.0",
                    new MethodParameter(
                            FORM,
                            MethodParameter.Range.oneOf(SHARES, MAJORITY),
                            SHARES,
                            "target: the shares of the others' votes, or the class with most votes of all")),
            (arguments, setting) -> new Majority(
                    Distillation.atOne(arguments), arguments.word(FORM).equals(MAJORITY), setting));

    private static final String VOTES = "votes";

    private final Distillation distillation;
    private final boolean ofAll;
    private final TeacherSetting setting;

    private Majority(Distillation distillation, boolean ofAll, TeacherSetting setting) {
        this.distillation = distillation;
        this.ofAll = ofAll;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        SortedMap<Integer, Ints> votes = votes(input);
        List<Ints> all = List.copyOf(votes.values());
        int classes = setting.classes();
        if (ofAll) {
            Tensor winner = Votes.oneHot(Votes.majority(all, classes), classes).as(DType.FLOAT16);
            return new TeacherStep(1, List.of(target(winner, input, Term.Audience.EVERYBODY)), new TreeMap<>(), state);
        }
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (int slot : votes.keySet()) {
            SortedMap<Integer, Ints> others = new TreeMap<>(votes);
            others.remove(slot);
            addressed.put(
                    slot,
                    List.of(target(
                            Votes.shares(List.copyOf(others.values()), classes).as(setting.wire()),
                            input,
                            Term.Audience.EVERYBODY)));
        }
        Tensor shares = Votes.shares(all, classes).as(setting.wire());
        return new TeacherStep(1, List.of(target(shares, input, Term.Audience.OTHERS)), addressed, state);
    }

    private SortedMap<Integer, Ints> votes(StepInput input) {
        SortedMap<Integer, Ints> votes = new TreeMap<>();
        int rows = input.labels().rows();
        PredictionMatrices.bySlot(input.predictions()).forEach((slot, tensors) -> {
            double[] logits = PredictionMatrices.matrix(slot, tensors, TensorName.LOGITS, rows, setting.classes());
            votes.put(slot, Votes.of(Tensor.of(DType.FLOAT64, logits, rows, setting.classes())));
        });
        return votes;
    }

    private Term target(Tensor probabilities, StepInput input, Term.Audience audience) {
        return new Term.SoftTarget(
                VOTES,
                probabilities,
                Term.Space.PROBABILITIES,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature(),
                audience);
    }

    /** Equal shares of the voters. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        List<Integer> slots = Shares.slots(input);
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (int student : slots) {
            List<Integer> voters = ofAll ? slots : Shares.without(slots, student);
            SortedMap<Integer, Double> row = new TreeMap<>();
            Shares.add(row, voters, distillation.weightAt(input.epoch()));
            Shares.normalised(row).ifPresent(shares -> byStudent.put(student, shares));
        }
        return new Shares(false, byStudent);
    }
}
