package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Online Knowledge Distillation with Diverse Peers: auxiliary peers attend to each other ({@link PeerAttention}), each with a
 * target of its own; the leader, the last contributor that the experiment names, learns from their mean.
 *
 * <pre>
 * t_a = sum over b of A_ab z_b,  t_L = (1/n) sum over a of z_a                                     n auxiliary peers
 * L = sum_i CE(z_i, y) + w [sum_a T^2 KL(t_a || z_a) + T^2 KL(t_L || z_L)]          KL of softmax_T of both
 * with q = softmax_T(t), p = softmax_T(z), d = ln q - ln p:  dKL/dz = (T/B)(p - q),  dKL/dt = (T/B) q (d - &lt;q, d&gt;)
 * </pre>
 *
 * The targets are not detached, so that W_q and W_k learn. Each student's divergence is a soft target addressed to it, whose
 * gradient and value it computes itself; what the targets of all send back into z_a (through A and the mean) and into f_a
 * (through the attention) are leaf gradients. The leader sends nothing: its logits are in no target, its features are not read.
 *
 * <p>An absent auxiliary peer is part of no attention and no mean. Without the leader, t_L sends no gradient back. A single
 * auxiliary peer attends to itself alone, so its target is its logits. A peer that does not contribute gets the mean of the
 * auxiliary peers as a constant target; newcomers are auxiliary peers.
 *
 * <p>Source: Chen, Mei, Wang, Feng, Chen, "Online Knowledge Distillation with Diverse Peers", AAAI 2020 (arXiv 1912.00350), and
 * its code DefangChen/OKDDip-AAAI2020, its network-based variant: T = 3, unit weights, K = D/8. Ours: the matrices per slot for
 * features of different widths (K from the narrowest), and no 1e-7 on target probabilities.
 */
final class Okddip implements Teacher {
    private static final String ATTENTION_WIDTH = "attention_width";

    static final Method METHOD = new Method(
            "okddip",
            "auxiliary peers attend to each other; the last peer, the leader, imitates their mean",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(t_i) || softmax_T(z_i)), t_i = sum_b A_ib z_b for auxiliary"
                    + " peers, A_i = softmax over b of <W_q f_i, W_k f_b>, mean of their z for the leader; t_i not constant",
            "Chen et al., Online Knowledge Distillation with Diverse Peers, AAAI 2020, arXiv 1912.00350",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            ATTENTION_WIDTH,
                            MethodParameter.Range.WIDTH,
                            "0",
                            "K, width of queries and keys; 0 = max(1, D/8), D the width of the narrowest features")),
            (arguments, setting) ->
                    new Okddip(Distillation.of(arguments), Math.toIntExact(arguments.whole(ATTENTION_WIDTH)), setting));

    private static final String PEERS = "peers";
    private static final String AUXILIARIES = "auxiliaries";
    private static final String ATTENTION = "attention";
    private static final int FEATURES_PER_QUERY = 8;

    private final Distillation distillation;
    private final TeacherSetting setting;
    private final int leader;
    private final PeerAttention attention;

    private Okddip(Distillation distillation, int attentionWidth, TeacherSetting setting) {
        this.distillation = distillation;
        this.setting = setting;
        leader = setting.seats() - 1;
        SortedMap<Integer, Integer> widths = new TreeMap<>();
        for (int slot = 0; slot < setting.slots(); slot++) {
            if (slot != leader) {
                widths.put(slot, setting.featureWidths().get(slot));
            }
        }
        int narrowest = widths.isEmpty() ? 1 : Collections.min(widths.values());
        attention = new PeerAttention(
                widths, attentionWidth > 0 ? attentionWidth : Math.max(1, narrowest / FEATURES_PER_QUERY));
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
        Map<String, Tensor> state = new TreeMap<>();
        attention.initial(state, setting.seed());
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return ResetSlot.named(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Step step = step(state, input);
        int rows = input.labels().rows();
        double weight = distillation.weightAt(input.epoch());
        Term.SoftTarget mean = target(AUXILIARIES, step.leaderTarget, rows, weight);
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (int a = 0; a < step.attention.slots.size(); a++) {
            int slot = step.attention.slots.get(a);
            addressed.put(
                    slot,
                    List.of(
                            target(PEERS, step.targets.get(a), rows, weight),
                            leaf(TensorName.LOGITS, step.logitsGradients.get(a), rows),
                            leaf(
                                    TensorName.FEATURES,
                                    Optional.ofNullable(step.gradients.features.get(slot))
                                            .orElseThrow(),
                                    rows)));
        }
        if (input.predictions().stream().anyMatch(prediction -> prediction.slot() == leader)) {
            addressed.put(leader, List.of(mean));
        }
        Term others = new Term.SoftTarget(
                mean.name(),
                mean.values(),
                mean.space(),
                mean.vote(),
                mean.weight(),
                mean.temperature(),
                Term.Audience.OTHERS);
        return new TeacherStep(
                1,
                List.of(others),
                addressed,
                attention.updated(state, step.gradients, input.learningRate(), setting.optimizer()));
    }

    /** The attention between the auxiliary peers; equal shares of all of them for the leader. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        int rows = input.labels().rows();
        SortedMap<Integer, NamedTensors> auxiliaries = PredictionMatrices.bySlot(input.predictions());
        boolean led = auxiliaries.remove(leader) != null;
        PeerAttention.Pass pass =
                attention.forward(state, PredictionMatrices.features(auxiliaries, rows, setting.featureWidths()), rows);
        int present = pass.slots.size();
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (int i = 0; i < pass.weights.length; i++) {
            byStudent
                    .computeIfAbsent(pass.slots.get(i / present % present), s -> new TreeMap<>())
                    .merge(pass.slots.get(i % present), pass.weights[i] / rows, Double::sum);
        }
        if (led && present > 0) {
            SortedMap<Integer, Double> ofLeader = new TreeMap<>();
            Shares.add(ofLeader, pass.slots, 1);
            byStudent.put(leader, ofLeader);
        }
        return new Shares(true, byStudent);
    }

    private Term.SoftTarget target(String name, double[] logits, int rows, double weight) {
        return new Term.SoftTarget(
                name,
                Tensor.of(setting.wire(), logits, rows, setting.classes()),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                weight,
                distillation.temperature());
    }

    private Term leaf(String tensor, double[] gradient, int rows) {
        return new Term.LeafGradient(
                ATTENTION, tensor, Tensor.of(setting.wire(), gradient, rows, gradient.length / rows));
    }

    /** One batch: all targets, and what they send back. Lists are in the order of the auxiliary peers. */
    static final class Step {
        final PeerAttention.Pass attention;
        /** t_a [B, C]. */
        final List<double[]> targets;
        /** t_L [B, C]. */
        final double[] leaderTarget;
        /** What all targets together send into z_a [B, C]. */
        final List<double[]> logitsGradients;
        /** Of features and matrices. */
        final PeerAttention.Gradients gradients;

        private Step(
                PeerAttention.Pass attention,
                List<double[]> targets,
                double[] leaderTarget,
                List<double[]> logitsGradients,
                PeerAttention.Gradients gradients) {
            this.attention = attention;
            this.targets = targets;
            this.leaderTarget = leaderTarget;
            this.logitsGradients = logitsGradients;
            this.gradients = gradients;
        }
    }

    Step step(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        SortedMap<Integer, NamedTensors> auxiliaries = PredictionMatrices.bySlot(input.predictions());
        Optional<NamedTensors> led = Optional.ofNullable(auxiliaries.remove(leader));
        List<double[]> logits = PredictionMatrices.logits(auxiliaries, rows, setting.classes());
        PeerAttention.Pass pass =
                attention.forward(state, PredictionMatrices.features(auxiliaries, rows, setting.featureWidths()), rows);
        int present = logits.size();
        double[] mean = PredictionMatrices.mean(logits);
        double[] ofMean = new double[mean.length];
        if (led.isPresent()) {
            double[] own = PredictionMatrices.matrix(leader, led.get(), TensorName.LOGITS, rows, setting.classes());
            ofMean = targetGradient(mean, own, input.epoch(), rows);
        }
        List<double[]> targets = new ArrayList<>();
        List<double[]> sent = new ArrayList<>();
        for (double[] own : logits) {
            double[] target = attended(pass.weights, targets.size(), logits);
            sent.add(targetGradient(target, own, input.epoch(), rows));
            targets.add(target);
        }
        double[] weightsGradient = new double[pass.weights.length];
        List<double[]> logitsGradients = new ArrayList<>();
        for (int b = 0; b < present; b++) {
            double[] gradient = new double[mean.length];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = ofMean[i] / present;
                for (int a = 0; a < present; a++) {
                    int weight = (i / setting.classes() * present + a) * present + b;
                    gradient[i] += pass.weights[weight] * sent.get(a)[i];
                    weightsGradient[weight] += sent.get(a)[i] * logits.get(b)[i];
                }
            }
            logitsGradients.add(gradient);
        }
        return new Step(pass, targets, mean, logitsGradients, attention.backward(state, pass, weightsGradient));
    }

    /** {@code sum over b of A_ab z_b}. */
    private double[] attended(double[] weights, int a, List<double[]> logits) {
        int present = logits.size();
        double[] target = new double[logits.get(0).length];
        for (int b = 0; b < present; b++) {
            for (int i = 0; i < target.length; i++) {
                target[i] += weights[(i / setting.classes() * present + a) * present + b] * logits.get(b)[i];
            }
        }
        return target;
    }

    /** {@code w (T/B) q (d - <q, d>)}: the derivative of a divergence with respect to its target's logits. */
    private double[] targetGradient(double[] target, double[] student, int epoch, int rows) {
        double temperature = distillation.temperature();
        double factor = distillation.weightAt(epoch) * temperature / rows;
        double[] q = Softmax.probabilities(target, setting.classes(), temperature);
        double[] difference = Softmax.logProbabilities(target, setting.classes(), temperature);
        double[] logarithms = Softmax.logProbabilities(student, setting.classes(), temperature);
        double[] gradient = new double[q.length];
        for (int start = 0; start < q.length; start += setting.classes()) {
            double inner = 0;
            for (int i = start; i < start + setting.classes(); i++) {
                difference[i] -= logarithms[i];
                inner += q[i] * difference[i];
            }
            for (int i = start; i < start + setting.classes(); i++) {
                gradient[i] = factor * q[i] * (difference[i] - inner);
            }
        }
        return gradient;
    }

    /** The leader's target, the mean of the auxiliary peers' logits; empty without any. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        SortedMap<Integer, NamedTensors> auxiliaries = new TreeMap<>(predictions);
        auxiliaries.remove(leader);
        if (auxiliaries.isEmpty()) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(auxiliaries);
        double[] mean = PredictionMatrices.mean(PredictionMatrices.logits(auxiliaries, rows, setting.classes()));
        return Optional.of(Tensor.of(setting.wire(), mean, rows, setting.classes()));
    }
}
