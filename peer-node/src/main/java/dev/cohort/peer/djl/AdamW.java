package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.cohort.experiment.UpdateRule;
import java.util.SortedMap;
import java.util.TreeMap;

/** {@link UpdateRule.AdamW}. */
final class AdamW implements Descent {
    private static final String MEAN = "adamw/mean/";
    private static final String SQUARE = "adamw/square/";
    private static final String UPDATES = "adamw/updates";

    /** @param square mean of the squares of the gradients */
    private record Trained(NDArray weight, NDArray mean, NDArray square) {}

    private final UpdateRule.AdamW rule;
    private final double weightDecay;
    private final NDManager manager;
    private final SortedMap<String, Trained> all = new TreeMap<>();
    private final NDArray updates;

    AdamW(UpdateRule.AdamW rule, double weightDecay, SortedMap<String, Parameter> weights, NDManager manager) {
        this.rule = rule;
        this.weightDecay = weightDecay;
        this.manager = manager;
        updates = manager.zeros(new Shape(1), DataType.FLOAT64);
        weights.forEach((name, parameter) -> {
            NDArray weight = parameter.getArray();
            all.put(
                    name,
                    new Trained(
                            weight,
                            manager.zeros(weight.getShape(), weight.getDataType()),
                            manager.zeros(weight.getShape(), weight.getDataType())));
        });
    }

    @Override
    public SortedMap<String, NDArray> state() {
        SortedMap<String, NDArray> state = new TreeMap<>();
        all.forEach((name, trained) -> {
            state.put(MEAN + name, trained.mean());
            state.put(SQUARE + name, trained.square());
        });
        state.put(UPDATES, updates);
        return state;
    }

    @Override
    public void step(double learningRate) {
        updates.addi(1);
        double count = Arrays.read(updates).at(0);
        double rate = learningRate / (1 - StrictMath.pow(rule.beta1(), count));
        double spread = Math.sqrt(1 - StrictMath.pow(rule.beta2(), count));
        try (NDArray kept = manager.create(1 - learningRate * weightDecay);
                NDArray meanTaken = manager.create(1 - rule.beta1());
                NDArray squareKept = manager.create(rule.beta2());
                NDArray squareTaken = manager.create(1 - rule.beta2());
                NDArray stride = manager.create(rate);
                NDArray scale = manager.create(spread);
                NDArray epsilon = manager.create(rule.epsilon())) {
            for (Trained trained : all.values()) {
                NDArray weight = trained.weight();
                try (NDArray gradient = weight.getGradient();
                        NDArray change = gradient.sub(trained.mean()).muli(meanTaken);
                        NDArray square = gradient.square().muli(squareTaken)) {
                    weight.muli(kept);
                    trained.mean().addi(change);
                    trained.square().muli(squareKept).addi(square);
                }
                try (NDArray root = trained.square().sqrt().divi(scale).addi(epsilon);
                        NDArray step = trained.mean().div(root).muli(stride)) {
                    weight.subi(step);
                }
                JniUtils.zeroGrad((PtNDArray) weight);
            }
        }
    }
}
