package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Mutual learning between chosen pairs of peers on chosen tensors (UDML): the experiment lists which peers, which tensor, which
 * loss and which weight ({@link PairEntry}).
 *
 * <pre>
 * L_i = CE(z_i, y) + w sum over entries e and partners j of i in e of w_e l_e(x_i, x_j),  x_j constant
 * dml  (KL(p_i || p_j) + KL(p_j || p_i)) / 2         of logits, p = softmax
 * kl   T^2 KL(softmax_T(z_j) || softmax_T(z_i))      of logits
 * l2   mean over all elements of (x_i - x_j)^2       of logits, features [B, D] or maps [B, C, H, W]
 * at   mean over B, H W of (A_i - A_j)^2             of maps, A = a / (|a| + 1e-6), a = sum over channels of F^2
 * </pre>
 *
 * dml, l2 and at are symmetric: the gradient of peer i with x_j constant is that of one loss per pair, in which nothing is
 * detached. A sum, not divided by the number of partners. Entries add up; the order of the peers in an entry means nothing. l2 needs
 * tensors of equal width; of maps of two sizes, the larger is first average-pooled to the smaller.
 *
 * <p>All gradients are addressed leaf gradients, so no student needs to know the losses. Each outcome tells the losses as figures:
 * for every entry, named by its 0-based number, the mean over its peers and partners present, without weight. A pair with an
 * absent peer is left out, and a peer in no pair learns from the labels alone.
 *
 * <p>Source: PaddleOCR, {@code ppocr/losses/basic_loss.py} and {@code distillation_loss.py}, for dml and l2; kl is the pair's part
 * of Zhang et al., "Deep Mutual Learning" (CVPR 2018), at that of Zagoruyko and Komodakis, "Paying More Attention to Attention"
 * (ICLR 2017), with a peer in place of a teacher. The ramp-up, the factor w, and pooling are ours.
 */
final class Pairs implements Teacher {
    static final String PAIRS = Experiment.Method.LIST;

    static final Method METHOD = new Method(
            "pairs",
            "chosen pairs of peers imitate each other's logits, features or feature maps",
            "L_i = CE(z_i, y) + w(epoch) * sum over entries of method.pairs and partners j of w_e l_e(x_i, x_j), l = dml: (KL"
                    + " both ways)/2 of softmax(z); kl: T^2 KL(softmax_T(z_j) || softmax_T(z_i)); l2: mean squared"
                    + " difference; at: that of the attentions of maps",
            "PaddleOCR's U-DML (ppocr/losses/distillation_loss.py); kl of Zhang et al., CVPR 2018; at of Zagoruyko and"
                    + " Komodakis, ICLR 2017",
            Distillation.parameters(
                    "1.0",
                    new MethodParameter(
                            PAIRS,
                            MethodParameter.Range.PAIRS,
                            "all logits dml 1.0",
                            "what is compared; temperature goes for kl alone")),
            (arguments, setting) ->
                    new Pairs(Distillation.of(arguments), PairEntry.all(arguments.word(PAIRS)), setting));

    private static final String TERM = "pairs";

    private final Distillation distillation;
    private final List<PairEntry> entries;
    private final TeacherSetting setting;

    private Pairs(Distillation distillation, List<PairEntry> entries, TeacherSetting setting) {
        this.distillation = distillation;
        this.entries = entries;
        this.setting = setting;
    }

    @Override
    public List<String> reads() {
        TreeSet<String> tensors = new TreeSet<>();
        entries.forEach(entry -> tensors.add(entry.tensor()));
        tensors.remove(TensorName.LOGITS);
        return List.copyOf(tensors);
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    /** Nothing is trained. Refuses an entry for all that compares tensors of different widths, newcomers' slots included. */
    @Override
    public NamedTensors initialState() {
        for (PairEntry entry : entries) {
            for (int slot = 1; slot < setting.slots() && entry.peers().isEmpty(); slot++) {
                requireFitting(entry, "slot 0", 0, "slot " + slot, slot);
            }
        }
        return NamedTensors.none();
    }

    @Override
    public void requireTeachable(List<PeerId> contributors) {
        for (PairEntry entry : entries) {
            List<PeerId> among = contributors.stream().filter(entry::concerns).toList();
            for (PeerId other : among) {
                PeerId first = among.get(0);
                requireFitting(
                        entry, first.value(), contributors.indexOf(first), other.value(), contributors.indexOf(other));
            }
        }
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        SortedMap<String, Double> figures = new TreeMap<>();
        SortedMap<Integer, SortedMap<String, double[]>> gradients = new TreeMap<>();
        for (int e = 0; e < entries.size(); e++) {
            PairEntry entry = entries.get(e);
            List<PeerPrediction> among = among(entry, input);
            double loss = 0;
            for (PeerPrediction own : among) {
                for (PeerPrediction other : among) {
                    loss += own.slot() == other.slot() ? 0 : learn(entry, own, other, input, gradients);
                }
            }
            if (among.size() > 1) {
                figures.put(e + " " + entry.tensor() + " " + entry.loss(), loss / (among.size() * (among.size() - 1)));
            }
        }
        return new TeacherStep(
                1,
                figures.isEmpty() ? List.of() : List.of(new Term.Figures(TERM, figures)),
                addressed(gradients, input.labels().rows()),
                state);
    }

    private static List<PeerPrediction> among(PairEntry entry, StepInput input) {
        return input.predictions().stream()
                .filter(prediction -> entry.concerns(prediction.peer()))
                .toList();
    }

    /** Adds the gradient of one peer's part of a pair, and returns the part without weights. */
    private double learn(
            PairEntry entry,
            PeerPrediction own,
            PeerPrediction other,
            StepInput input,
            SortedMap<Integer, SortedMap<String, double[]>> gradients) {
        requireFitting(entry, own.peer().value(), own.slot(), other.peer().value(), other.slot());
        int rows = input.labels().rows();
        PairLoss.Compared compared = entry.loss()
                .of(tensor(entry.tensor(), own, rows), tensor(entry.tensor(), other, rows), distillation.temperature());
        double weight = distillation.weightAt(input.epoch()) * entry.weight();
        double[] sum = gradients
                .computeIfAbsent(own.slot(), slot -> new TreeMap<>())
                .computeIfAbsent(
                        entry.tensor(), tensor -> new double[compared.gradient().size()]);
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * compared.gradient().at(i);
        }
        return compared.loss();
    }

    private Tensor tensor(String name, PeerPrediction prediction, int rows) {
        Tensor tensor = prediction.tensors().get(name);
        Ints expected = Ints.of(shape(name, prediction.slot(), rows));
        if (!tensor.shape().equals(expected)) {
            throw new IllegalArgumentException(
                    name + " of slot " + prediction.slot() + " of shape " + tensor.shape() + ": must be " + expected);
        }
        return tensor;
    }

    private int[] shape(String name, int slot, int rows) {
        if (TensorName.isMap(name)) {
            Ints row = setting.maps().row(name, slot);
            return new int[] {rows, row.get(0), row.get(1), row.get(2)};
        }
        return new int[] {rows, width(name, slot)};
    }

    /** Columns of a matrix or channels of a map. */
    private int width(String name, int slot) {
        return switch (name) {
            case TensorName.LOGITS -> setting.classes();
            case TensorName.FEATURES -> setting.featureWidths().get(slot);
            default -> setting.maps().row(name, slot).get(0);
        };
    }

    private void requireFitting(PairEntry entry, String one, int slot, String another, int otherSlot) {
        if (!entry.loss().needsEqualWidth()) {
            return;
        }
        int width = width(entry.tensor(), slot);
        int otherWidth = width(entry.tensor(), otherSlot);
        if (width != otherWidth) {
            throw new IllegalArgumentException("entry " + entry + " of pairs: " + entry.tensor() + " of " + one
                    + " has width " + width + ", that of " + another + " " + otherWidth
                    + ": must be equal; only the loss at takes maps of different widths");
        }
    }

    private SortedMap<Integer, List<Term>> addressed(
            SortedMap<Integer, SortedMap<String, double[]>> gradients, int rows) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        gradients.forEach((slot, byName) -> {
            List<Term> terms = new ArrayList<>();
            byName.forEach((name, gradient) -> terms.add(
                    new Term.LeafGradient(TERM, name, Tensor.of(type(name), gradient, shape(name, slot, rows)))));
            addressed.put(slot, terms);
        });
        return addressed;
    }

    private DType type(String tensor) {
        return TensorName.isMap(tensor) ? PublishedMaps.gradientType(setting.wire()) : setting.wire();
    }

    /** From the weights of the entries: each partner of a peer counts with the sum of its entries' weights. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        SortedMap<Integer, SortedMap<Integer, Double>> partners = new TreeMap<>();
        for (PairEntry entry : entries) {
            for (PeerPrediction own : among(entry, input)) {
                for (PeerPrediction other : among(entry, input)) {
                    if (own.slot() != other.slot()) {
                        partners.computeIfAbsent(own.slot(), slot -> new TreeMap<>())
                                .merge(other.slot(), entry.weight(), Double::sum);
                    }
                }
            }
        }
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (Map.Entry<Integer, SortedMap<Integer, Double>> row : partners.entrySet()) {
            Shares.normalised(row.getValue()).ifPresent(shares -> byStudent.put(row.getKey(), shares));
        }
        return new Shares(true, byStudent);
    }
}
