package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.AdversarialPeer;
import dev.cohort.distill.maps.AveragePooling;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.MapDiscriminator;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The transfer layers and discriminators of {@link Afd}, whose parameters lie in a teacher's state. With C_s the channels of slot s,
 * D the least of these, and E those between the two convolutions of a discriminator:
 *
 * <pre>
 * transfer.s.weight [D, C_s], transfer.s.gamma, transfer.s.beta [D]                         where C_s is not D
 * discriminator.s.conv1_weight [E, D, 2, 2], discriminator.s.bn_gamma, bn_beta [E]
 * discriminator.s.conv2_weight [1, E, 2, 2], discriminator.s.conv2_bias [1]
 * </pre>
 *
 * Weights and biases start from U(-1/sqrt(n), 1/sqrt(n)), PyTorch's initialisation, with n inputs to each sum; batch norm starts as
 * the identity.
 */
final class Adversaries {
    /** Least height and width of a map that a discriminator judges. */
    static final int SIZE_MIN = 3;

    private static final String TRANSFER = "transfer.";
    private static final String DISCRIMINATOR = "discriminator.";
    private static final int KERNEL = 2;

    private final String map;
    private final int width;
    private final TeacherSetting setting;

    /**
     * @param map name of the map
     * @param width E; 0 for D
     */
    Adversaries(String map, int width, TeacherSetting setting) {
        this.map = map;
        this.width = width;
        this.setting = setting;
    }

    /** [D, H, W] of all that is judged: the least channels, height and width of all slots. */
    Ints common() {
        return Ints.of(IntStream.range(0, 3).map(this::least).toArray());
    }

    private int least(int axis) {
        return IntStream.range(0, setting.slots())
                .map(slot -> setting.maps().row(map, slot).get(axis))
                .min()
                .orElse(1);
    }

    /** Adds fresh parameters of all slots to a state. */
    void initial(Map<String, Tensor> state) {
        for (int slot = 0; slot < setting.slots(); slot++) {
            transfer(slot).initial(state, setting.seed(), slot);
            discriminator(state, slot);
        }
    }

    private void discriminator(Map<String, Tensor> state, int slot) {
        int inputs = common().get(0);
        int between = width > 0 ? width : inputs;
        int ofOutput = between * KERNEL * KERNEL;
        uniform(state, slot, MapDiscriminator.FIRST_WEIGHT, inputs * KERNEL * KERNEL, between, inputs, KERNEL, KERNEL);
        double[] ones = new double[between];
        Arrays.fill(ones, 1);
        TrainedParameter.fresh(ones).put(state, name(slot, MapDiscriminator.GAMMA), between);
        TrainedParameter.fresh(new double[between]).put(state, name(slot, MapDiscriminator.BETA), between);
        uniform(state, slot, MapDiscriminator.SECOND_WEIGHT, ofOutput, 1, between, KERNEL, KERNEL);
        uniform(state, slot, MapDiscriminator.SECOND_BIAS, ofOutput, 1);
    }

    private void uniform(Map<String, Tensor> state, int slot, String parameter, int inputs, int... shape) {
        String name = name(slot, parameter);
        int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        TrainedParameter.uniform(name, setting.seed(), slot, size, 1 / Math.sqrt(inputs))
                .put(state, name, shape);
    }

    private static String name(int slot, String parameter) {
        return DISCRIMINATOR + slot + "." + parameter;
    }

    private TrainedAdapter transfer(int slot) {
        int inputs = setting.maps().row(map, slot).get(0);
        int outputs = common().get(0);
        return new TrainedAdapter(
                TRANSFER + slot,
                inputs == outputs ? TrainedAdapter.Form.NONE : TrainedAdapter.Form.MAP,
                outputs,
                inputs);
    }

    /** The adversary of one slot. */
    AdversarialPeer peer(NamedTensors state, int slot) {
        String prefix = name(slot, "");
        Map<String, Tensor> own = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> {
            if (name.startsWith(prefix) && TrainedParameter.owner(name).equals(name)) {
                own.put(name.substring(prefix.length()), tensor);
            }
        });
        return new AdversarialPeer(transfer(slot).in(state), new MapDiscriminator(NamedTensors.of(own)));
    }

    /** A map in the common size, as its peer publishes it to its transfer layer. */
    FeatureMap sized(FeatureMap whole) {
        return AveragePooling.pool(whole, common().get(1), common().get(2));
    }

    /** Gradients of a slot's parameters by their names in the state. */
    SortedMap<String, double[]> named(int slot, AdversarialPeer.Step step) {
        SortedMap<String, double[]> named = transfer(slot).named(step.transfer());
        step.discriminator()
                .parameters()
                .asMap()
                .forEach((parameter, gradient) -> named.put(name(slot, parameter), gradient.toDoubles()));
        return named;
    }

    /** A state in which what belongs to one slot is as in {@code initial}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            boolean own = name.startsWith(TRANSFER + slot + ".") || name.startsWith(name(slot, ""));
            reset = own ? ResetSlot.whole(reset, initial, name) : reset;
        }
        return reset;
    }
}
