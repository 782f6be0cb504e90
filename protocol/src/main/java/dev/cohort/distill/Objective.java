package dev.cohort.distill;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The loss of one peer on one batch, and its gradients with respect to the outputs of the peer's network:
 *
 * <pre>
 * L = a CE(z, y) + sum over soft targets  w T^2 KL(q || softmax_T(z))
 *                + sum over own targets   w T^2 KL(softmax_T(t) || softmax_T(z)) or w (1/BC) sum (softmax(z) - softmax(t))^2
 *                + the loss of the student's own branches, if it has any ({@link BranchLoss})
 *                + sum over gated cross-entropies and leaf gradients  &lt;z, G&gt; or &lt;f, G&gt;
 * CE(z, y)          = -(1/B) sum y ln softmax(z)          dCE/dz        = (softmax(z) - y) / B
 * KL(q, softmax_T)  =  (1/B) sum q (ln q - ln softmax_T)  d(T^2 KL)/dz  = (T/B) (softmax_T(z) - q)
 * </pre>
 *
 * Teachers are constants. The inner products with constant G are surrogates: their gradient is G, so the network is updated as
 * if the coordinator's part of the loss had been differentiated through it in one process; their value has no meaning and is not
 * reported. Computed in {@code double}, in the order of the terms, with one rounding at the end.
 *
 * <p>KL with the factor T^2: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015).
 */
public final class Objective {
    private final SoftLabels batchLabels;
    private final double[] labels;
    private final double[] logits;
    private final int rows;
    private final int classes;
    private final Optional<Place> standing;
    private final NamedTensors own;
    private final double[] logitsGradient;
    private final SortedMap<String, double[]> gradients = new TreeMap<>();
    private final List<TermLoss> termLosses = new ArrayList<>();

    private Objective(SoftLabels labels, NamedTensors own, Optional<Place> standing) {
        this.own = own;
        Tensor logits = own.get(TensorName.LOGITS);
        this.rows = labels.rows();
        this.classes = labels.classes();
        requireShape("logits", logits, rows, classes);
        this.batchLabels = labels;
        this.labels = labels.dense();
        this.logits = logits.toDoubles();
        this.standing = standing;
        this.logitsGradient = gradient(TensorName.LOGITS, rows * classes);
    }

    /**
     * The place of a peer's prediction among the contributors of an outcome. Present only when the outcome names the digest of
     * this prediction.
     *
     * @param index 0-based position in the outcome's list of contributors
     * @param contributors length of that list
     */
    public record Place(int index, int contributors) {
        public Place {
            if (index < 0 || index >= contributors) {
                throw new IllegalArgumentException(
                        "contributor " + index + " of " + contributors + ": must be below their number");
            }
        }
    }

    /**
     * The value of one soft target.
     *
     * @param name of the term
     * @param weight w
     * @param loss T^2 KL, without w
     */
    public record TermLoss(String name, double weight, double loss) {}

    /**
     * Loss and gradients.
     *
     * @param loss of which these are the gradients: cross-entropy with the label weight, plus distillation
     * @param crossEntropy mean over the batch, without the label weight
     * @param distillation weighted sum of the soft targets' losses
     * @param correct share of rows whose largest logit is the label of largest weight, 0..1
     * @param gradients of the loss with respect to the network's outputs, by name: always {@link TensorName#LOGITS}, and every
     *     other output that a term depends on
     * @param termLosses the soft targets used, in the order of the terms
     */
    public record Result(
            double loss,
            double crossEntropy,
            double distillation,
            double correct,
            NamedTensors gradients,
            List<TermLoss> termLosses) {
        public Result {
            termLosses = List.copyOf(termLosses);
        }

        /** dL/dz [B, C]. */
        public Tensor logitsGradient() {
            return gradients.get(TensorName.LOGITS);
        }

        /** dL/df [B, D], if a term depends on the features. */
        public Optional<Tensor> featuresGradient() {
            return gradients.find(TensorName.FEATURES);
        }
    }

    /**
     * The objective of one batch. Without {@code standing}, terms for contributors are skipped, and a soft target that is a mean
     * of all is used unchanged. A mean with a single contributor is skipped by this contributor if it would take out its own
     * vote: no other vote is left.
     *
     * @param labels [B, C] as sources and weights
     * @param labelWeight factor of the cross-entropy
     * @param terms the outcome's terms for everybody, then those addressed to this peer
     * @param own outputs of the forward pass before any rounding for the wire: the logits [B, C], and every other output that
     *     terms have gradients of
     * @param published the tensors that this peer published, as all others decoded them (its vote), and the outputs of its own
     *     teacher, which need not be published
     * @param standing place among the outcome's contributors, if the outcome names this prediction
     * @param gradientType element type of the returned gradients
     * @throws IllegalArgumentException when shapes do not fit, or a term names a tensor that is not an output of the network
     */
    public static Result of(
            SoftLabels labels,
            double labelWeight,
            List<Term> terms,
            NamedTensors own,
            NamedTensors published,
            Optional<Place> standing,
            DType gradientType) {
        Objective objective = new Objective(labels, own, standing);
        double crossEntropy = objective.addCrossEntropy(labelWeight);
        for (Term term : terms) {
            if (term.audience().includes(standing.isPresent())) {
                objective.add(term, terms, published);
            }
        }
        double distillation = 0;
        for (TermLoss loss : objective.termLosses) {
            distillation += loss.weight() * loss.loss();
        }
        return new Result(
                labelWeight * crossEntropy + distillation,
                crossEntropy,
                distillation,
                objective.correct(),
                objective.gradients(gradientType),
                objective.termLosses);
    }

    /** The accumulator of gradients with respect to an output. */
    private double[] gradient(String name, int size) {
        return gradients.computeIfAbsent(name, n -> new double[size]);
    }

    private NamedTensors gradients(DType type) {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        gradients.forEach((name, values) -> {
            int[] shape = own.find(name).map(output -> output.shape().toArray()).orElseGet(() ->
                    new int[] {rows, values.length / rows});
            tensors.put(name, Tensor.of(type, values, shape));
        });
        return NamedTensors.of(tensors);
    }

    /** Cross-entropy of {@code logits} [B, C] with {@code labels}, mean over the batch. */
    public static double crossEntropy(SoftLabels labels, double[] logits) {
        return crossEntropy(labels.dense(), Softmax.logProbabilities(logits, labels.classes(), 1), labels.rows());
    }

    private static double crossEntropy(double[] labels, double[] logProbabilities, int rows) {
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            sum -= labels[i] * logProbabilities[i];
        }
        return sum / rows;
    }

    private double addCrossEntropy(double weight) {
        Distribution student = Distribution.ofLogits(logits, classes, 1);
        for (int i = 0; i < labels.length; i++) {
            logitsGradient[i] += weight * (student.probabilities[i] - labels[i]) / rows;
        }
        return crossEntropy(labels, student.logarithms, rows);
    }

    private void add(Term term, List<Term> terms, NamedTensors published) {
        if (term instanceof Term.SoftTarget soft) {
            addSoftTarget(soft, published);
        } else if (term instanceof Term.GatedCrossEntropy gated) {
            addGatedCrossEntropy(gated, terms);
        } else if (term instanceof Term.LeafGradient leaf) {
            addLeafGradient(leaf);
        } else if (term instanceof Term.OwnTarget own) {
            addOwnTarget(own, published);
        } else if (term instanceof Term.OwnBranches own) {
            addOwnBranches(own, published);
        } else if (term instanceof Term.CrossEntropy alone) {
            addCrossEntropy(alone.weight());
        }
    }

    private void addSoftTarget(Term.SoftTarget soft, NamedTensors published) {
        boolean leavesOut = soft.vote() != Term.Vote.INCLUDED && standing.isPresent();
        if (leavesOut && standing.orElseThrow().contributors() == 1) {
            return;
        }
        double temperature = soft.temperature();
        double[] values = everyRow(soft);
        if (leavesOut) {
            String voice = soft.vote() == Term.Vote.LEFT_OUT ? TensorName.LOGITS : TensorName.OWN_TEACHER;
            requireShape(voice, published.get(voice), rows, classes);
            double[] vote = published.get(voice).toDoubles();
            takeOut(
                    soft.space() == Term.Space.LOGITS ? vote : Softmax.probabilities(vote, classes, temperature),
                    standing.orElseThrow().contributors(),
                    values);
        }
        Distribution target = soft.space() == Term.Space.LOGITS
                ? Distribution.ofLogits(values, classes, temperature)
                : Distribution.ofProbabilities(values, classes);
        double loss = addDistillation(target, soft.weight(), temperature);
        termLosses.add(new TermLoss(soft.name(), soft.weight(), loss));
    }

    /** The values [B, C] of a soft target; a single row [1, C] is repeated. */
    private double[] everyRow(Term.SoftTarget soft) {
        boolean alike =
                rows > 1 && soft.values().shape().size() == 2 && soft.values().dimension(0) == 1;
        requireShape(soft.name(), soft.values(), alike ? 1 : rows, classes);
        double[] values = soft.values().toDoubles();
        double[] all = new double[rows * classes];
        for (int i = 0; i < all.length; i++) {
            all[i] = values[i % values.length];
        }
        return all;
    }

    private void addOwnTarget(Term.OwnTarget own, NamedTensors published) {
        Optional<Tensor> found = published.find(TensorName.OWN_TEACHER);
        if (found.isEmpty()) {
            // A student that joined between two exchanges has no copies of the others yet.
            return;
        }
        Tensor teacher = found.get();
        requireShape(TensorName.OWN_TEACHER, teacher, rows, classes);
        double loss = switch (own.form()) {
            case DIVERGENCE ->
                addDistillation(
                        Distribution.ofLogits(teacher.toDoubles(), classes, own.temperature()),
                        own.weight(),
                        own.temperature());
            case SQUARES -> addSquares(Softmax.probabilities(teacher.toDoubles(), classes, 1), own.weight());
        };
        termLosses.add(new TermLoss(own.name(), own.weight(), loss));
    }

    /** {@code d/dz = 2/(BC) p (d - <p, d>)} with d = p - q, row by row. */
    private double addSquares(double[] target, double weight) {
        double[] p = Softmax.probabilities(logits, classes, 1);
        double squares = 0;
        for (int start = 0; start < p.length; start += classes) {
            double inner = 0;
            for (int i = start; i < start + classes; i++) {
                squares += (p[i] - target[i]) * (p[i] - target[i]);
                inner += p[i] * (p[i] - target[i]);
            }
            for (int i = start; i < start + classes; i++) {
                logitsGradient[i] += weight * 2 * p[i] * (p[i] - target[i] - inner) / p.length;
            }
        }
        return squares / p.length;
    }

    private static void takeOut(double[] vote, int contributors, double[] mean) {
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (contributors * mean[i] - vote[i]) / (contributors - 1);
        }
    }

    private double addDistillation(Distribution target, double weight, double temperature) {
        Distribution student = Distribution.ofLogits(logits, classes, temperature);
        double divergence = 0;
        for (int i = 0; i < logits.length; i++) {
            double q = target.probabilities[i];
            divergence += q > 0 ? q * (target.logarithms[i] - student.logarithms[i]) : 0;
            logitsGradient[i] += weight * temperature * (student.probabilities[i] - q) / rows;
        }
        return temperature * temperature * divergence / rows;
    }

    private void addGatedCrossEntropy(Term.GatedCrossEntropy gated, List<Term> terms) {
        Place place = standing.orElseThrow();
        requireShape(gated.name(), gated.gates(), rows, place.contributors());
        double[] ensemble =
                Softmax.probabilities(ensembleLogits(gated.name(), terms).toDoubles(), classes, 1);
        for (int row = 0; row < rows; row++) {
            double gate = gated.gates().at(row * place.contributors() + place.index());
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                logitsGradient[i] += gated.weight() * gate * (ensemble[i] - labels[i]) / rows;
            }
        }
    }

    private Tensor ensembleLogits(String name, List<Term> terms) {
        for (Term term : terms) {
            if (term instanceof Term.SoftTarget soft && soft.name().equals(name) && soft.space() == Term.Space.LOGITS) {
                requireShape(name, soft.values(), rows, classes);
                return soft.values();
            }
        }
        throw new IllegalArgumentException(
                "gated cross-entropy " + name + ": needs a soft target of logits with the same name");
    }

    private void addOwnBranches(Term.OwnBranches own, NamedTensors published) {
        BranchLoss loss =
                new BranchLoss(batchLabels, published.get(TensorName.BRANCHES), own.weight(), own.temperature());
        double divergence = 0;
        for (double one : loss.divergences) {
            divergence += one;
        }
        termLosses.add(new TermLoss(own.name(), own.weight(), divergence));
        add(loss.gradient, gradient(TensorName.BRANCHES, loss.gradient.length));
    }

    private void addLeafGradient(Term.LeafGradient leaf) {
        Tensor output = own.find(leaf.tensor())
                .orElseThrow(() -> new IllegalArgumentException("leaf gradient " + leaf.name() + " of tensor "
                        + leaf.tensor() + ": must be one of " + own.asMap().keySet()
                        + ", the outputs of this network"));
        Tensor gradient = leaf.gradient();
        if (!gradient.shape().equals(output.shape())) {
            throw new IllegalArgumentException(leaf.name() + " of shape " + gradient.shape() + ": must be "
                    + output.shape() + ", the shape of " + leaf.tensor());
        }
        add(gradient.toDoubles(), gradient(leaf.tensor(), output.size()));
    }

    private static void add(double[] values, double[] sum) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
    }

    private double correct() {
        int correct = 0;
        for (int start = 0; start < logits.length; start += classes) {
            correct += largest(logits, start) == largest(labels, start) ? 1 : 0;
        }
        return (double) correct / rows;
    }

    private int largest(double[] values, int start) {
        int largest = 0;
        for (int c = 1; c < classes; c++) {
            largest = values[start + c] > values[start + largest] ? c : largest;
        }
        return largest;
    }

    private static void requireShape(String name, Tensor tensor, int rows, int columns) {
        if (tensor.shape().size() != 2 || tensor.dimension(0) != rows || tensor.dimension(1) != columns) {
            throw new IllegalArgumentException(
                    name + " of shape " + tensor.shape() + ": must be [" + rows + ", " + columns + "]");
        }
    }
}
