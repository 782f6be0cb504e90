package dev.cohort.peer.djl;

import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Random;

/** Small inputs for the tests of this package, each a function of its seed. */
final class Samples {
    static final ImageShape SMALL = new ImageShape(8, 8, 1);
    static final int CLASSES = 3;

    private Samples() {}

    static LearnerSetting setting(String model, ImageShape shape, int classes, DType dtype) {
        return new LearnerSetting(
                model,
                shape,
                classes,
                new Normalisation(
                        Collections.nCopies(shape.channels(), 0.5), Collections.nCopies(shape.channels(), 0.25)),
                7,
                dtype,
                "cpu",
                0,
                WeightUpdate.sgd(0.9, false, 5e-4));
    }

    /** ResNet-8 on tiny grey images. */
    static LearnerSetting small(DType dtype) {
        return setting("resnet8", SMALL, CLASSES, dtype);
    }

    static LearnerSetting withSeed(LearnerSetting s, long seed) {
        return new LearnerSetting(
                s.model(),
                s.image(),
                s.classes(),
                s.normalisation(),
                seed,
                s.dtype(),
                s.device(),
                s.peerIndex(),
                s.update(),
                s.maps());
    }

    static LearnerSetting withSgd(LearnerSetting s, double momentum, boolean nesterov, double weightDecay) {
        return with(s, WeightUpdate.sgd(momentum, nesterov, weightDecay));
    }

    static LearnerSetting with(LearnerSetting s, WeightUpdate update) {
        return new LearnerSetting(
                s.model(),
                s.image(),
                s.classes(),
                s.normalisation(),
                s.seed(),
                s.dtype(),
                s.device(),
                s.peerIndex(),
                update,
                s.maps());
    }

    static Images images(int seed, int count, ImageShape shape) {
        byte[] pixels = new byte[count * shape.size()];
        new Random(seed).nextBytes(pixels);
        return new Images(count, shape, ByteBuffer.wrap(pixels));
    }

    /** Normal numbers times {@code scale}. */
    static Tensor numbers(int seed, double scale, int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size *= dimension;
        }
        Random random = new Random(seed);
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = scale * random.nextGaussian();
        }
        return Tensor.of(DType.FLOAT64, values, shape);
    }

    /** One step on images and gradients that follow from {@code seed}. */
    static void train(DjlLearner learner, int seed, int count, ImageShape shape, double learningRate) {
        try (var pass = learner.forward(images(seed, count, shape))) {
            int classes = pass.outputs().logits().dimension(1);
            learner.backward(pass, NamedTensors.of(TensorName.LOGITS, numbers(seed, 0.1, count, classes)));
        }
        learner.update(learningRate);
    }

    static void trainSmall(DjlLearner learner, int from, int to) {
        for (int step = from; step < to; step++) {
            train(learner, step, 4, SMALL, 0.05);
        }
    }

    /** One step of cross-entropy on 12 images, of which number i has class i mod 3; returns the loss before it. */
    static double labelStep(DjlLearner learner, ImageShape shape, double learningRate) {
        try (ForwardPass pass = learner.forward(images(1, 12, shape))) {
            Tensor logits = pass.outputs().logits();
            double[] gradient = new double[logits.size()];
            double loss = 0;
            for (int row = 0; row < 12; row++) {
                double sum = 0;
                for (int c = 0; c < 3; c++) {
                    sum += Math.exp(logits.at(row * 3 + c));
                }
                for (int c = 0; c < 3; c++) {
                    double p = Math.exp(logits.at(row * 3 + c)) / sum;
                    gradient[row * 3 + c] = (p - (c == row % 3 ? 1 : 0)) / 12;
                    loss -= c == row % 3 ? Math.log(p) / 12 : 0;
                }
            }
            learner.backward(pass, NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT32, gradient, 12, 3)));
            learner.update(learningRate);
            return loss;
        }
    }

    static NamedTensors withElement(NamedTensors tensors, String name, int index, double value) {
        Tensor tensor = tensors.get(name);
        double[] values = tensor.toDoubles();
        values[index] = value;
        return tensors.with(
                name, Tensor.of(tensor.dtype(), values, tensor.shape().toArray()));
    }
}
