package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@link Kdcl}, rule "general": the combination of the peers with the smallest error on held-out images.
 *
 * <pre>
 * z_t = sum alpha_k z_k,  alpha = C^-1 1 / (1' C^-1 1)
 * C_ij = mean over the held-out images of (p_i - y) . (p_j - y),  p = softmax(z) at T = 1
 * </pre>
 *
 * alpha minimises alpha' C alpha under sum alpha = 1; it may be negative and is not clipped. Peers publish predictions for the
 * held-out images with the last batch of each epoch, so C is updated once an epoch and used from the next batch on; it is the
 * trained state of this teacher. The outcome records alpha as gates of weight 0, beside the target.
 *
 * <p>Ours, since the paper's text was not accessible: alpha is uniform before the end of the first epoch, if a contributor
 * published no such prediction at the end of an epoch, and where C is nearly singular (equal peers), which an alpha beyond
 * {@value #ALPHA_MAX} shows. A missing contributor is left out: alpha follows from the rows and columns of the others.
 */
final class KdclGeneral implements Teacher {
    static final Method METHOD = new Method(
            "kdcl_general",
            "every peer imitates the combination of all that errs least on held-out images",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_t) || softmax_T(z_i)), z_t = sum_k alpha_k z_k,"
                    + " alpha = C^-1 1 / (1' C^-1 1) (1/m in the first epoch), C_ij = mean over held-out images of"
                    + " (p_i - y).(p_j - y) at the end of the epoch before",
            Kdcl.PAPER,
            Distillation.parameters(Kdcl.TEMPERATURE),
            (arguments, setting) -> new KdclGeneral(Distillation.of(arguments), setting));

    private static final String ERRORS = "validation.errors";
    private static final String KNOWN = "validation.known";
    private static final double ALPHA_MAX = 100;

    private final Distillation distillation;
    private final TeacherSetting setting;

    private KdclGeneral(Distillation distillation, TeacherSetting setting) {
        this.distillation = distillation;
        this.setting = setting;
    }

    @Override
    public List<String> reads() {
        return List.of(TensorName.VALIDATION);
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    /** C [slots, slots], and which slots it covers [slots]: none. */
    @Override
    public NamedTensors initialState() {
        int slots = setting.slots();
        return state(new double[slots * slots], new double[slots]);
    }

    private NamedTensors state(double[] errors, double[] known) {
        return NamedTensors.of(ERRORS, Tensor.of(DType.FLOAT64, errors, setting.slots(), setting.slots()))
                .with(KNOWN, Tensor.of(DType.FLOAT64, known, setting.slots()));
    }

    /** The state in which C of the first slots is {@code errors} [m, m]. */
    NamedTensors knowing(double[] errors, int peers) {
        double[] all = new double[setting.slots() * setting.slots()];
        double[] known = new double[setting.slots()];
        Arrays.fill(known, 0, peers, 1);
        for (int i = 0; i < peers; i++) {
            System.arraycopy(errors, i * peers, all, i * setting.slots(), peers);
        }
        return state(all, known);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        NamedTensors errors = ResetSlot.elements(
                state, initialState(), ERRORS, i -> i / setting.slots() == slot || i % setting.slots() == slot);
        return ResetSlot.elements(errors, initialState(), KNOWN, i -> i == slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        int classes = setting.classes();
        SortedMap<Integer, NamedTensors> bySlot = PredictionMatrices.bySlot(input.predictions());
        List<double[]> logits = PredictionMatrices.logits(bySlot, rows, classes);
        double[] alpha = alpha(state, List.copyOf(bySlot.keySet()));
        Term target = new Term.SoftTarget(
                Kdcl.TERM,
                Tensor.of(setting.wire(), PredictionMatrices.combined(logits, alpha), rows, classes),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
        double[] gates = new double[rows * alpha.length];
        for (int i = 0; i < gates.length; i++) {
            gates[i] = alpha[i % alpha.length];
        }
        Term record = new Term.GatedCrossEntropy(Kdcl.TERM, Tensor.of(setting.wire(), gates, rows, alpha.length), 0);
        return new TeacherStep(1, List.of(target, record), new TreeMap<>(), renewed(state, bySlot));
    }

    /** z_t on the test images, with the weights used from the next batch on. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        if (predictions.isEmpty()) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(predictions);
        List<double[]> logits = PredictionMatrices.logits(predictions, rows, setting.classes());
        double[] combined = PredictionMatrices.combined(logits, alpha(state, List.copyOf(predictions.keySet())));
        return Optional.of(Tensor.of(setting.wire(), combined, rows, setting.classes()));
    }

    /** The weights of these slots. */
    private double[] alpha(NamedTensors state, List<Integer> slots) {
        Tensor errors = state.get(ERRORS);
        Tensor known = state.get(KNOWN);
        int peers = slots.size();
        double[] matrix = new double[peers * peers];
        boolean all = true;
        for (int i = 0; i < peers; i++) {
            all &= known.at(slots.get(i)) == 1;
            for (int j = 0; j < peers; j++) {
                matrix[i * peers + j] = errors.at(slots.get(i) * setting.slots() + slots.get(j));
            }
        }
        return all ? alpha(matrix, peers) : uniform(peers);
    }

    private static double[] uniform(int peers) {
        double[] alpha = new double[peers];
        Arrays.fill(alpha, 1.0 / peers);
        return alpha;
    }

    /** {@code C^-1 1 / (1' C^-1 1)}; uniform where C is nearly singular. */
    static double[] alpha(double[] errors, int peers) {
        double[][] system = new double[peers][peers + 1];
        for (int i = 0; i < peers; i++) {
            System.arraycopy(errors, i * peers, system[i], 0, peers);
            system[i][peers] = 1;
        }
        double[] alpha = LinearSystem.solve(system);
        double sum = 0;
        for (double part : alpha) {
            sum += part;
        }
        for (int i = 0; i < peers; i++) {
            alpha[i] /= sum;
            if (!(Math.abs(alpha[i]) <= ALPHA_MAX)) {
                return uniform(peers);
            }
        }
        return alpha;
    }

    /** C of the contributors with predictions for the held-out images; unchanged if there are none. */
    private NamedTensors renewed(NamedTensors before, SortedMap<Integer, NamedTensors> predictions) {
        SortedMap<Integer, double[]> heldOut = new TreeMap<>();
        int held = setting.validationLabels().size();
        predictions.forEach((slot, prediction) -> {
            if (prediction.find(TensorName.VALIDATION).isPresent()) {
                heldOut.put(
                        slot,
                        PredictionMatrices.matrix(slot, prediction, TensorName.VALIDATION, held, setting.classes()));
            }
        });
        if (heldOut.isEmpty()) {
            return before;
        }
        double[] some = errors(List.copyOf(heldOut.values()), dense(setting.validationLabels()), setting.classes());
        List<Integer> slots = List.copyOf(heldOut.keySet());
        double[] all = new double[setting.slots() * setting.slots()];
        double[] known = new double[setting.slots()];
        for (int i = 0; i < slots.size(); i++) {
            known[slots.get(i)] = 1;
            for (int j = 0; j < slots.size(); j++) {
                all[slots.get(i) * setting.slots() + slots.get(j)] = some[i * slots.size() + j];
            }
        }
        return state(all, known);
    }

    private double[] dense(Ints ids) {
        double[] dense = new double[ids.size() * setting.classes()];
        for (int row = 0; row < ids.size(); row++) {
            dense[row * setting.classes() + ids.get(row)] = 1;
        }
        return dense;
    }

    /**
     * C [m, m].
     *
     * @param logits [V, C] of each peer
     * @param y [V, C]
     */
    static double[] errors(List<double[]> logits, double[] y, int classes) {
        int peers = logits.size();
        int rows = y.length / classes;
        List<double[]> errors = logits.stream()
                .map(z -> {
                    double[] error = Softmax.probabilities(z, classes, 1);
                    for (int i = 0; i < error.length; i++) {
                        error[i] -= y[i];
                    }
                    return error;
                })
                .toList();
        double[] products = new double[peers * peers];
        for (int i = 0; i < peers; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = 0;
                for (int k = 0; k < y.length; k++) {
                    sum += errors.get(i)[k] * errors.get(j)[k];
                }
                products[i * peers + j] = sum / rows;
                products[j * peers + i] = sum / rows;
            }
        }
        return products;
    }
}
