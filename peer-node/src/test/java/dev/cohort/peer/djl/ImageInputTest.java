package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageInputTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void pixelsAreNormalisedPerChannelAndTurnedToNchw(DType dtype) {
        ImageShape shape = new ImageShape(2, 3, 2);
        List<Double> mean = List.of(0.3, 0.6);
        List<Double> deviation = List.of(0.2, 0.4);
        Images images = Samples.images(1, 2, shape);
        try (NDManager manager = TorchEngine.start().newManager(DeviceChoice.parse("cpu"))) {
            Tensor input = Arrays.read(
                    new ImageInput(shape, new Normalisation(mean, deviation), dtype).upload(manager, images));

            assertThat(input.shape().toArray()).containsExactly(2, 2, 2, 3);
            for (int n = 0; n < 2; n++) {
                for (int c = 0; c < 2; c++) {
                    for (int at = 0; at < 6; at++) {
                        double pixel = (images.pixels().get((n * 6 + at) * 2 + c) & 0xff) / 255.0;
                        assertThat(input.at((n * 2 + c) * 6 + at))
                                .isCloseTo((pixel - mean.get(c)) / deviation.get(c), within(1e-6));
                    }
                }
            }
        }
    }
}
