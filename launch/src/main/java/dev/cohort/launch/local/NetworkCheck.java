package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.Learner;
import dev.cohort.peer.external.ExternalLearner;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.peer.external.Interpreter;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.TensorName;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Whether a network of one's own can be a student, found out by training it a few steps on random images.
 *
 * @param model as it was named
 * @param figures of the network; empty when it cannot be a student
 * @param problem why it cannot be one; empty when it can
 */
public record NetworkCheck(String model, Optional<Figures> figures, String problem) implements Printout {
    private static final double RATE = 1e-3;
    private static final int PEERS = 3;

    /**
     * What was measured.
     *
     * @param framework with its version
     * @param device on which it computed
     * @param parameters numbers in all parameters
     * @param trainable numbers in the trained ones
     * @param featureWidth D of the pooled features
     * @param outputs that a pass produces
     * @param stepMs median time of forward, backward and update, without the first step
     * @param trainDiffers whether training mode and evaluation mode give different logits
     * @param predictionBytes that a peer publishes for each batch with the method
     * @param method for which these are counted
     */
    public record Figures(
            String framework,
            String device,
            long parameters,
            long trainable,
            int featureWidth,
            List<Learner.Output> outputs,
            double stepMs,
            boolean trainDiffers,
            long predictionBytes,
            String method) {}

    /**
     * Starts the network and trains it.
     *
     * @param steps number of training steps, at least 2; the first does not count for the time of a step
     * @param method for which the bytes on the wire are counted
     */
    public static NetworkCheck of(
            ExternalSetting setting, Interpreter interpreter, int steps, Experiment.Method method) {
        try (ExternalLearner learner = ExternalLearner.start(setting, interpreter)) {
            return new NetworkCheck(setting.model(), Optional.of(measured(setting, learner, steps, method)), "");
        } catch (IllegalArgumentException | IllegalStateException | NodeFailure e) {
            return new NetworkCheck(setting.model(), Optional.empty(), String.valueOf(e.getMessage()));
        }
    }

    private static Figures measured(
            ExternalSetting setting, ExternalLearner learner, int steps, Experiment.Method method) {
        SplittableRandom random = new SplittableRandom(1);
        Images images = images(setting, random);
        Tensor evaluated = learner.infer(images).logits();
        boolean differs = false;
        double[] tookMs = new double[steps];
        for (int step = 1; step <= steps; step++) {
            long fromNanos = System.nanoTime();
            Learner.ForwardPass pass = learner.forward(images, step);
            Tensor logits = pass.outputs().logits();
            requireFinite(setting, logits, step);
            differs |= step == 1 && !logits.equals(evaluated);
            learner.backward(pass, NamedTensors.of(TensorName.LOGITS, gradient(logits, random)));
            learner.update(RATE);
            tookMs[step - 1] = (System.nanoTime() - fromNanos) / 1e6;
        }
        double[] warm = Arrays.copyOfRange(tookMs, 1, steps);
        Arrays.sort(warm);
        Traffic traffic = Traffic.of(
                method,
                MethodSheet.OPTIMIZER,
                new Traffic.Step(
                        setting.batchSize(),
                        setting.classes(),
                        PEERS,
                        learner.featureWidth(),
                        largestMap(learner),
                        DType.FLOAT32));
        return new Figures(
                learner.framework(),
                learner.device(),
                learner.parameters(),
                learner.trained(),
                learner.featureWidth(),
                learner.declares(),
                warm[warm.length / 2],
                differs,
                traffic.prediction() + traffic.maps(),
                method.name());
    }

    private static Ints largestMap(Learner learner) {
        return learner.mapShapes().values().stream()
                .max(Comparator.comparingLong(shape -> (long) shape.get(0) * shape.get(1) * shape.get(2)))
                .orElse(Traffic.Step.MAP_SHAPE);
    }

    private static Images images(ExternalSetting setting, SplittableRandom random) {
        byte[] pixels = new byte[setting.batchSize() * setting.image().size()];
        random.nextBytes(pixels);
        return new Images(setting.batchSize(), setting.image(), ByteBuffer.wrap(pixels));
    }

    /** A small one, so that no network is driven out of its range. */
    private static Tensor gradient(Tensor logits, SplittableRandom random) {
        double[] values = new double[logits.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextDouble() - 0.5) / values.length;
        }
        return Tensor.of(logits.dtype(), values, logits.dimension(0), logits.dimension(1));
    }

    private static void requireFinite(ExternalSetting setting, Tensor logits, int step) {
        for (int i = 0; i < logits.size(); i++) {
            if (!Double.isFinite(logits.at(i))) {
                throw new IllegalStateException("model " + setting.model() + ": its logits are not finite at step "
                        + step + " with rate " + RATE + ": check its initial weights and its own learning rate");
            }
        }
    }

    /** Whether it can be a student. */
    public boolean ok() {
        return figures.isPresent();
    }

    @Override
    public List<String> lines() {
        if (figures.isEmpty()) {
            return List.of(model + " cannot be a student: " + problem);
        }
        Figures f = figures.get();
        List<String> lines = new ArrayList<>();
        lines.add(model + " can be a student.");
        lines.add("  framework   " + f.framework() + " on " + f.device());
        lines.add("  parameters  " + f.parameters() + ", " + f.trainable() + " of them trained");
        for (Learner.Output output : f.outputs()) {
            lines.add("  output      " + output.name() + " " + output.rowShape() + " for each image");
        }
        lines.add("  a step      " + Words.decimals(f.stepMs(), 1) + " ms (forward, backward, update)");
        lines.add("  evaluation  " + (f.trainDiffers() ? "differs from training mode" : "is equal to training mode"));
        lines.add("  wire        " + f.predictionBytes() + " bytes for each batch with method " + f.method());
        return lines;
    }

    @Override
    public ObjectNode json() {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("model", model).put("ok", ok());
        if (figures.isEmpty()) {
            return json.put("why", problem);
        }
        Figures f = figures.get();
        json.put("framework", f.framework())
                .put("device", f.device())
                .put("parameters", f.parameters())
                .put("trainable", f.trainable())
                .put("feature_width", f.featureWidth())
                .put("step_ms", f.stepMs())
                .put("train_differs_from_eval", f.trainDiffers())
                .put("method", f.method())
                .put("prediction_bytes", f.predictionBytes());
        ArrayNode outputs = json.putArray("outputs");
        for (Learner.Output output : f.outputs()) {
            ArrayNode shape = outputs.addObject().put("name", output.name()).putArray("row_shape");
            output.rowShape().stream().forEach(shape::add);
        }
        return json;
    }
}
