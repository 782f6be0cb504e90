package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.TreeMap;

/**
 * On-the-fly Native Ensemble as the paper's headline model: the branches share their low layers, so they live in one process with
 * the gate, and every peer is such a model of its own.
 *
 * <pre>
 * z_e = sum_k g_k z_k,  g = softmax(relu(batchnorm(W h + b))), h: pooled output of the shared layers
 * L_i = sum_k CE(z_k, y) + CE(z_e, y) + w sum_k T^2 KL(softmax_T(z_e) || softmax_T(z_k))   z_e constant in the KL
 * </pre>
 *
 * CE(z_e, y) flows into the branches, the gate, and through both into the shared layers. The logits that a peer publishes and is
 * tested with are those of its first branch, as the official code reports; its own teacher, which is tested beside it, is the
 * ensemble of its branches (ONE-E). No target depends on a prediction, and no peer is awaited; the outcome carries w and T.
 *
 * <p>Source: Lan, Zhu, Gong, "Knowledge Distillation by On-the-fly Native Ensemble", NeurIPS 2018 (arXiv 1806.04606), and its
 * code Lan1991Xu/ONE_NeurIPS2018: three branches, T = 3, unit weights; a ResNet's first two stages are shared. Ours: no ramp-up
 * unless asked for, since runs are often shorter than the code's 80 epochs of it.
 */
final class OneSharedTrunk implements Teacher {
    private static final String BRANCHES = "branches";

    static final Method METHOD = new Method(
            "one_shared_trunk",
            "every peer is several branches on shared low layers, which imitate their own gated ensemble",
            "L_i = sum_k CE(z_k, y) + CE(z_e, y) + w(epoch) sum_k T^2 KL(softmax_T(z_e) || softmax_T(z_k)),"
                    + " z_e = sum_k g_k z_k, k: the branches of peer i",
            "Lan et al., Knowledge Distillation by On-the-fly Native Ensemble, NeurIPS 2018, arXiv 1806.04606",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            BRANCHES, MethodParameter.Range.SEVERAL, "3", "number of copies of a peer's high layers")),
            (arguments, setting) -> new OneSharedTrunk(Distillation.of(arguments), (int) arguments.whole(BRANCHES)));

    private final Distillation distillation;
    private final int branches;

    private OneSharedTrunk(Distillation distillation, int branches) {
        this.distillation = distillation;
        this.branches = branches;
    }

    @Override
    public OwnTeacher ownTeacher() {
        return new OwnTeacher.Branches(branches);
    }

    @Override
    public int contributorsMin() {
        return 0;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Term term = new Term.OwnBranches(BRANCHES, distillation.weightAt(input.epoch()), distillation.temperature());
        return new TeacherStep(0, List.of(term), new TreeMap<>(), state);
    }
}
