package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * On-the-fly Native Ensemble between whole networks: a {@link Gate} learns, row by row, how much weight each peer gets, and the
 * peers imitate the gated ensemble.
 *
 * <pre>
 * z_e = sum_i g_i z_i
 * L = sum_i CE(z_i, y) + CE(z_e, y) + w sum_i T^2 KL(softmax_T(z_e) || softmax_T(z_i))   z_e constant in the KL
 * dL/dz_i = (p_i - y)/B + g_i (p_e - y)/B + w (T/B) (softmax_T(z_i) - softmax_T(z_e))
 * dL/dg_i = &lt;z_i, p_e - y&gt;/B per row, from there through the gate into its parameters and the features f_i
 * </pre>
 *
 * CE(z_e, y) is not detached: contributor i gets its part in z_i from the gates (for everybody) and its part in f_i as an
 * addressed leaf gradient. The coordinator owns the gate and trains it with the experiment's optimizer.
 *
 * <p>Source: Lan, Zhu, Gong, "Knowledge Distillation by On-the-fly Native Ensemble", NeurIPS 2018 (arXiv 1806.04606), and its
 * code Lan1991Xu/ONE_NeurIPS2018: T = 3, unit weights. Separate networks share no layers, so this is the paper's ablation
 * without sharing, and the gate reads the features of all peers instead of those of the shared trunk. The 1e-7 that the code
 * adds to target probabilities is left out.
 */
final class One implements Teacher {
    static final Method METHOD = new Method(
            "one",
            "every peer imitates a gated ensemble; the gate is trained with the labels",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_e) || softmax_T(z_i)), shared: CE(z_e, y),"
                    + " z_e = sum_k g_k z_k",
            "Lan et al., Knowledge Distillation by On-the-fly Native Ensemble, NeurIPS 2018, arXiv 1806.04606",
            Distillation.parameters("3.0"),
            (arguments, setting) -> new One(Distillation.of(arguments), setting));

    private static final String ENSEMBLE = "ensemble";
    private static final String GATE = "gate";

    private final Distillation distillation;
    private final TeacherSetting setting;
    private final Gate gate;

    private One(Distillation distillation, TeacherSetting setting) {
        this.distillation = distillation;
        this.setting = setting;
        this.gate = new Gate(setting.featureWidths());
    }

    @Override
    public List<String> reads() {
        return List.of(TensorName.FEATURES);
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        return GateState.initial(setting.slots(), gate.inputs(), setting.seed()).toTensors();
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return gate.renewed(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        GateState next = GateState.of(state);
        Step step = step(next, input);
        gate.update(next, step.pass, step.gradients, input.learningRate(), setting.optimizer());
        return new TeacherStep(1, shared(step, input), addressed(step, input), next.toTensors());
    }

    /** Forward and backward pass of one batch through gate and ensemble. */
    static final class Step {
        final Gate.Pass pass;
        /** z_e [B, C]. */
        final double[] ensemble;
        /** Of CE(z_e, y). */
        final Gate.Gradients gradients;

        private Step(Gate.Pass pass, double[] ensemble, Gate.Gradients gradients) {
            this.pass = pass;
            this.ensemble = ensemble;
            this.gradients = gradients;
        }
    }

    Step step(GateState state, StepInput input) {
        SortedMap<Integer, NamedTensors> tensors = PredictionMatrices.bySlot(input.predictions());
        int rows = input.labels().rows();
        Gate.Pass pass = gate.train(state, input(tensors, rows));
        List<double[]> logits = PredictionMatrices.logits(tensors, rows, setting.classes());
        double[] ensemble = ensemble(pass, logits);
        double[] gatesGradient = gatesGradient(input.labels(), ensemble, logits);
        return new Step(pass, ensemble, gate.backward(state, pass, gatesGradient));
    }

    private Gate.Input input(SortedMap<Integer, NamedTensors> tensors, int rows) {
        List<double[]> features = tensors.entrySet().stream()
                .map(prediction -> PredictionMatrices.matrix(
                        prediction.getKey(),
                        prediction.getValue(),
                        TensorName.FEATURES,
                        rows,
                        gate.width(prediction.getKey())))
                .toList();
        return new Gate.Input(
                Ints.of(tensors.keySet().stream().mapToInt(Integer::intValue).toArray()), features, rows);
    }

    private double[] ensemble(Gate.Pass pass, List<double[]> logits) {
        int present = logits.size();
        double[] ensemble = new double[logits.get(0).length];
        for (int j = 0; j < present; j++) {
            for (int i = 0; i < ensemble.length; i++) {
                ensemble[i] += pass.gates[i / setting.classes() * present + j] * logits.get(j)[i];
            }
        }
        return ensemble;
    }

    private double[] gatesGradient(SoftLabels labels, double[] ensemble, List<double[]> logits) {
        int rows = labels.rows();
        int present = logits.size();
        double[] y = labels.dense();
        double[] probabilities = Softmax.probabilities(ensemble, setting.classes(), 1);
        double[] gradient = new double[rows * present];
        for (int j = 0; j < present; j++) {
            for (int i = 0; i < y.length; i++) {
                gradient[i / setting.classes() * present + j] += logits.get(j)[i] * (probabilities[i] - y[i]) / rows;
            }
        }
        return gradient;
    }

    private List<Term> shared(Step step, StepInput input) {
        int rows = input.labels().rows();
        return List.of(
                new Term.SoftTarget(
                        ENSEMBLE,
                        Tensor.of(setting.wire(), step.ensemble, rows, setting.classes()),
                        Term.Space.LOGITS,
                        Term.Vote.INCLUDED,
                        distillation.weightAt(input.epoch()),
                        distillation.temperature()),
                new Term.GatedCrossEntropy(
                        ENSEMBLE,
                        Tensor.of(
                                setting.wire(),
                                step.pass.gates,
                                rows,
                                input.predictions().size()),
                        1));
    }

    private SortedMap<Integer, List<Term>> addressed(Step step, StepInput input) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (int j = 0; j < input.predictions().size(); j++) {
            int slot = input.predictions().get(j).slot();
            Tensor gradient = Tensor.of(
                    setting.wire(),
                    step.gradients.features.get(j),
                    input.labels().rows(),
                    gate.width(slot));
            addressed.put(slot, List.of(new Term.LeafGradient(GATE, TensorName.FEATURES, gradient)));
        }
        return addressed;
    }

    /** z_e with the gate's running statistics; empty if a prediction has no features. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        if (predictions.isEmpty()
                || predictions.values().stream()
                        .anyMatch(prediction ->
                                prediction.find(TensorName.FEATURES).isEmpty())) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(predictions);
        List<double[]> logits = PredictionMatrices.logits(predictions, rows, setting.classes());
        Gate.Pass pass = gate.evaluate(GateState.of(state), input(predictions, rows));
        return Optional.of(Tensor.of(setting.wire(), ensemble(pass, logits), rows, setting.classes()));
    }
}
