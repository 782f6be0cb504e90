package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.NeuronSelectivity;

/**
 * Neuron selectivity transfer: the channels of every peer are active together as those of others are. The loss is that of {@link
 * MapTeacher} with one of the distances of {@link NeuronSelectivity}, where u and v are the channels of F_i and F_j, each of
 * length 1 over the positions:
 *
 * <pre>
 * gram: d(F_i, F_j) = mean over B, C, C of (u u^T - v v^T)^2
 * mmd:  d(F_i, F_j) = mean over B of mean (v_c.v_c')^2 + mean (u_c.u_c')^2 - 2 mean (u_c.v_c')^2
 * </pre>
 *
 * gram needs equal numbers of channels. Where they differ, F_i first passes an adapter, a 1x1 convolution without bias and a batch
 * norm ({@link dev.cohort.distill.maps.MapAdapter}); mmd has none. Of two sizes, the larger map is average-pooled to the smaller
 * one. Source: Huang and Wang, "Like What You Like: Knowledge Distill via Neuron Selectivity Transfer" (arXiv 1707.01219); gram
 * and the weight 10 are those of wyzelabs-inc/AdaptiveDistillation, mmd is that of HobbitLong/RepDistiller, where its weight is
 * 50. Ours: no adapter between equal numbers of channels.
 */
final class MutualSelectivity {
    private static final String KERNEL = "kernel";
    private static final String GRAM = "gram";
    private static final String MMD = "mmd";

    static final Method METHOD = new Method(
            "nst",
            "the channels of every peer are active together as those of the others are",
            MapTeacher.FORMULA
                    + "mean (u u^T - v v^T)^2, or with kernel=mmd mean (v_c.v_c')^2 + mean (u_c.u_c')^2 - 2 mean"
                    + " (u_c.v_c')^2, u and v the channels of F_i and F_j divided by their lengths",
            "Huang and Wang, Like What You Like: Knowledge Distill via Neuron Selectivity Transfer, arXiv 1707.01219;"
                    + " several teachers are ours",
            MapTeacher.parameters(
                    "10.0",
                    "default as for gram in wyzelabs-inc/AdaptiveDistillation, HobbitLong/RepDistiller has 50 for mmd",
                    new MethodParameter(
                            KERNEL,
                            MethodParameter.Range.oneOf(GRAM, MMD),
                            GRAM,
                            "what is compared: gram matrices of the channels, or the channels' distributions")),
            MutualSelectivity::teacher);

    private MutualSelectivity() {}

    private static Teacher teacher(Arguments arguments, TeacherSetting setting) {
        return arguments.word(KERNEL).equals(MMD)
                ? new MapTeacher(arguments, setting, NeuronSelectivity::mmdLoss, TrainedAdapter.Form.NONE)
                : new MapTeacher(arguments, setting, NeuronSelectivity::gramLoss, TrainedAdapter.Form.MAP);
    }
}
