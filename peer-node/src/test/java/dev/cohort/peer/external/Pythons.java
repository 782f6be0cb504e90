package dev.cohort.peer.external;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** The interpreter of the tests, {@code COHORT_PYTHON} or {@code python3}, and small inputs. */
final class Pythons {
    static final ImageShape IMAGE = new ImageShape(8, 8, 1);
    static final Normalisation NORMALISATION = new Normalisation(List.of(0.5), List.of(0.25));
    static final int CLASSES = 3;
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final String NUMPY_LEARNER = "learner:" + ROOT.resolve("examples/learners/numpy_learner.py");

    private Pythons() {}

    static Interpreter interpreter() {
        return Interpreter.of(Optional.empty(), System.getenv(), Optional.of(ROOT.resolve("python")));
    }

    /** Skips the test, visibly, where a package cannot be imported; with {@code COHORT_PYTHON_REQUIRED=1} it fails there. */
    static void assumeHas(String... packages) {
        boolean has = imports(packages);
        if (!has && "1".equals(System.getenv("COHORT_PYTHON_REQUIRED"))) {
            throw new AssertionError(interpreter().command() + " has no " + String.join(", ", packages)
                    + ", which COHORT_PYTHON_REQUIRED=1 requires");
        }
        assumeTrue(
                has,
                () -> interpreter().command() + " has no " + String.join(", ", packages)
                        + ": name another one with COHORT_PYTHON to run this test");
    }

    private static boolean imports(String... packages) {
        try {
            return new ProcessBuilder(interpreter().command(), "-c", "import " + String.join(", ", packages))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static ExternalSetting setting(String model) {
        return setting(model, DType.FLOAT32, WeightUpdate.sgd(0.9, false, 0), Optional.empty());
    }

    static ExternalSetting setting(String model, DType dtype, WeightUpdate update, Optional<Path> weights) {
        return new ExternalSetting(
                model, IMAGE, CLASSES, NORMALISATION, dtype, 0, 1, 7, 100, 4, "cpu", 1, 0.1, update, false, weights, 1);
    }

    static Interpreter withReplyLimit(Duration limit) {
        return interpreter().withLimits(Duration.ofMinutes(5), limit);
    }

    static Images images(long seed, int count) {
        byte[] pixels = new byte[count * IMAGE.size()];
        new Random(seed).nextBytes(pixels);
        return new Images(count, IMAGE, ByteBuffer.wrap(pixels));
    }

    static Tensor numbers(long seed, DType dtype, int... shape) {
        Random random = new Random(seed);
        int size = Ints.of(shape).stream().reduce(1, Math::multiplyExact);
        return Tensor.of(dtype, random.doubles(size, -0.5, 0.5).toArray(), shape);
    }

    /** One step on images and gradients that follow from {@code step}. */
    static void train(ExternalLearner learner, long step, double rate) {
        try (var pass = learner.forward(images(step, 4), step)) {
            learner.backward(pass, NamedTensors.of("logits", numbers(step, DType.FLOAT32, 4, CLASSES)));
        }
        learner.update(rate);
    }
}
