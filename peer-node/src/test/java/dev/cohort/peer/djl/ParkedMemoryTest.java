package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A parked graph must not read memory of an unreachable Java object. DJL puts every number that it receives into such memory,
 * and PyTorch keeps the operands of a product until the backward pass.
 */
class ParkedMemoryTest {
    private static final ImageShape SHAPE = new ImageShape(8, 8, 1);
    private static final int ROWS = 4;
    private static final int ROUNDS = 2;

    @ParameterizedTest
    @CsvSource({"resnet8, ''", "mobilenetv2, ''", "mobilenetv2, map/stage3"})
    void keepsItsGradientsThroughAGarbageCollection(String model, String map) {
        LearnerSetting setting = Samples.setting(model, SHAPE, Samples.CLASSES, DType.FLOAT64)
                .withMaps(map.isEmpty() ? List.of() : List.of(map));
        try (DjlLearner learner = ModelCatalog.create(setting)) {
            NamedTensors start = learner.snapshot();
            NamedTensors undisturbed = gradients(learner, () -> {});
            for (int round = 0; round < ROUNDS; round++) {
                learner.restore(start);
                assertThat(gradients(learner, ParkedMemoryTest::reuseFreeMemory))
                        .isEqualTo(undisturbed);
            }
        }
    }

    private static NamedTensors gradients(DjlLearner learner, Runnable whileParked) {
        Images images = Samples.images(1, ROWS, SHAPE);
        NamedTensors logits = NamedTensors.of(TensorName.LOGITS, Samples.numbers(2, 0.1, ROWS, Samples.CLASSES));
        try (ForwardPass pass = learner.forward(images)) {
            whileParked.run();
            SortedMap<String, Tensor> gradients = new TreeMap<>(logits.asMap());
            pass.outputs().tensors().asMap().forEach((name, output) -> {
                if (name.startsWith(TensorName.MAP)) {
                    gradients.put(name, Samples.numbers(3, 0.1, output.shape().toArray()));
                }
            });
            learner.backward(pass, NamedTensors.of(gradients));
            return learner.gradients();
        }
    }

    /** Collects unreachable objects and overwrites their memory. */
    private static void reuseFreeMemory() {
        List<ByteBuffer> held = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            System.gc();
            for (int i = 0; i < 2_000; i++) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(4 + 4 * (i % 2));
                while (buffer.hasRemaining()) {
                    buffer.put((byte) 0x41);
                }
                held.add(buffer);
            }
        }
        assertThat(held).isNotEmpty();
    }
}
