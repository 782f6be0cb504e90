package dev.cohort.peer.plain;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A student of one hidden layer: features {@code f = relu(W1 x + b1)} [B, hidden], logits {@code z = W2 f + b2} [B, C], where x
 * are the normalised pixels in the order of the image. All arithmetic is in double and in one order, and uses nothing but
 * {@code + - * /} and {@code sqrt}, so that every machine computes the same bits.
 *
 * <p>A parked pass keeps the weights it was computed with: its gradients are exact even after updates in between.
 */
public final class OneHiddenLayer implements Learner {
    /** The hidden layer as a feature map [B, hidden, 1, 1]: the same numbers as the features. */
    public static final String MAP = TensorName.MAP + "last";

    private final ImageShape image;
    private final Normalisation normalisation;
    private final UpdateRule.Sgd rule;
    private final double weightDecay;
    private final int hidden;
    private final int classes;
    private final TrainedTensor hiddenBias;
    private final TrainedTensor hiddenWeight;
    private final TrainedTensor outputBias;
    private final TrainedTensor outputWeight;
    private final List<TrainedTensor> parameters;

    /**
     * @param normalisation one mean and deviation per channel of {@code image}
     * @param hidden width of the hidden layer, at least 1
     * @param classes number of classes, at least 2
     * @param optimizer SGD without a limit of gradients and without an average of weights; the caller applies its rate and
     *     schedule
     * @param seed of the initial weights: He-uniform, biases zero
     */
    public OneHiddenLayer(
            ImageShape image, Normalisation normalisation, int hidden, int classes, Optimizer optimizer, long seed) {
        if (normalisation.mean().size() != image.channels()) {
            throw new IllegalArgumentException(
                    "normalisation of " + normalisation.mean().size() + " channels for images of " + image.channels()
                            + ": must be as many");
        }
        if (hidden < 1 || classes < 2) {
            throw new IllegalArgumentException(
                    "network of " + hidden + " hidden units and " + classes + " classes: must be at least 1 and 2");
        }
        this.image = image;
        this.normalisation = normalisation;
        this.hidden = hidden;
        this.classes = classes;
        WeightUpdate update = optimizer.update();
        if (!(update.rule() instanceof UpdateRule.Sgd sgd)
                || update.clipNorm().isPresent()
                || update.averageDecay().isPresent()) {
            throw new IllegalArgumentException("optimizer " + update + ": must be plain SGD for this network");
        }
        rule = sgd;
        weightDecay = update.weightDecay();
        SplittableRandom random = new SplittableRandom(seed);
        hiddenBias = new TrainedTensor("hidden.bias", new double[hidden], hidden);
        hiddenWeight = new TrainedTensor("hidden.weight", drawn(random, hidden, image.size()), hidden, image.size());
        outputBias = new TrainedTensor("output.bias", new double[classes], classes);
        outputWeight = new TrainedTensor("output.weight", drawn(random, classes, hidden), classes, hidden);
        parameters = List.of(hiddenBias, hiddenWeight, outputBias, outputWeight);
    }

    private static double[] drawn(SplittableRandom random, int outputs, int inputs) {
        double bound = StrictMath.sqrt(6.0 / inputs);
        double[] weights = new double[outputs * inputs];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = bound * (2 * random.nextDouble() - 1);
        }
        return weights;
    }

    @Override
    public List<Output> declares() {
        List<Output> outputs = new ArrayList<>(Output.basic(classes, hidden));
        outputs.add(new Output(MAP, Ints.of(hidden, 1, 1), true));
        return outputs;
    }

    @Override
    public String device() {
        return "cpu";
    }

    @Override
    public ForwardPass forward(Images images) {
        return new Pass(this, images);
    }

    @Override
    public Outputs infer(Images images) {
        return new Pass(this, images).outputs();
    }

    @Override
    public void backward(ForwardPass pass, NamedTensors gradients) {
        if (!(pass instanceof Pass parked) || parked.owner != this) {
            throw new IllegalArgumentException("forward pass of another learner");
        }
        parked.backward(gradients);
    }

    @Override
    public void update(double learningRate) {
        parameters.forEach(parameter -> parameter.update(learningRate, rule, weightDecay));
    }

    @Override
    public NamedTensors snapshot() {
        NamedTensors all = NamedTensors.none();
        for (TrainedTensor parameter : parameters) {
            all = parameter.addAllTo(all);
        }
        return all;
    }

    @Override
    public void restore(NamedTensors snapshot) {
        parameters.forEach(parameter -> parameter.requireFits(snapshot));
        parameters.forEach(parameter -> parameter.restore(snapshot));
    }

    @Override
    public Digest weights() {
        NamedTensors trained = NamedTensors.none();
        for (TrainedTensor parameter : parameters) {
            trained = parameter.addTo(trained);
        }
        return trained.digest();
    }

    /** Nothing to free. */
    @Override
    public void close() {}

    /** The normalised pixels, row-major [B, pixels of an image]. */
    private double[] normalised(Images images) {
        if (!images.shape().equals(image)) {
            throw new IllegalArgumentException("images of " + images.shape() + ": must be " + image);
        }
        ByteBuffer pixels = images.pixels();
        double[] inputs = new double[pixels.remaining()];
        for (int i = 0; i < inputs.length; i++) {
            int channel = i % image.channels();
            double value = (pixels.get() & 0xff) / 255.0;
            inputs[i] = (value - normalisation.mean().get(channel))
                    / normalisation.deviation().get(channel);
        }
        return inputs;
    }

    /** The values of one forward pass and the output weights that produced them. */
    private static final class Pass implements ForwardPass {
        private final OneHiddenLayer owner;
        private final int rows;
        private final double[] inputs;
        private final double[] features;
        private final double[] outputWeights;
        private final Outputs outputs;
        private boolean open = true;

        Pass(OneHiddenLayer owner, Images images) {
            this.owner = owner;
            rows = images.count();
            inputs = owner.normalised(images);
            features = Matrices.affine(inputs, owner.hiddenWeight.values(), owner.hiddenBias.values(), rows);
            for (int i = 0; i < features.length; i++) {
                features[i] = features[i] > 0 ? features[i] : 0;
            }
            outputWeights = owner.outputWeight.values();
            double[] logits = Matrices.affine(features, outputWeights, owner.outputBias.values(), rows);
            outputs = new Outputs(
                    NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT64, logits, rows, owner.classes))
                            .with(TensorName.FEATURES, Tensor.of(DType.FLOAT64, features, rows, owner.hidden))
                            .with(MAP, Tensor.of(DType.FLOAT64, features, rows, owner.hidden, 1, 1)),
                    PrivateTensors.NONE);
        }

        @Override
        public Outputs outputs() {
            return outputs;
        }

        void backward(NamedTensors gradients) {
            if (!open) {
                throw new IllegalStateException("forward pass is closed: it was trained or dropped before");
            }
            double[] ofLogits = gradient(TensorName.LOGITS, gradients.get(TensorName.LOGITS));
            double[] ofFeatures = Matrices.timesRows(ofLogits, outputWeights, rows);
            for (String name : List.of(TensorName.FEATURES, MAP)) {
                gradients.find(name).ifPresent(further -> add(gradient(name, further), ofFeatures));
            }
            for (int i = 0; i < ofFeatures.length; i++) {
                ofFeatures[i] = features[i] > 0 ? ofFeatures[i] : 0;
            }
            Matrices.addGradients(ofLogits, features, owner.outputWeight, owner.outputBias, rows);
            Matrices.addGradients(ofFeatures, inputs, owner.hiddenWeight, owner.hiddenBias, rows);
            close();
        }

        private static void add(double[] further, double[] sum) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += further[i];
            }
        }

        private double[] gradient(String name, Tensor gradient) {
            Tensor of = outputs.tensors().get(name);
            if (!gradient.shape().equals(of.shape())) {
                throw new IllegalArgumentException(
                        "gradient of the " + name + " of shape " + gradient.shape() + ": must be " + of.shape());
            }
            return gradient.toDoubles();
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
