package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ImageDataTest {
    private static final ImageShape SHAPE = new ImageShape(1, 2, 2);
    private static final List<String> NAMES = List.of("a", "b");

    @Test
    void computesMeanAndPopulationDeviationPerChannel() {
        ImageSet train = ImageSet.of(SHAPE, new byte[] {0, 10, (byte) 255, 10}, 0);

        ImageData data = ImageData.of(NAMES, train, train, 0);

        assertThat(data.normalisation().mean().get(0)).isCloseTo(0.5, within(1e-15));
        assertThat(data.normalisation().deviation().get(0)).isCloseTo(0.5, within(1e-15));
        assertThat(data.normalisation().mean().get(1)).isCloseTo(10 / 255.0, within(1e-15));
        // A constant channel.
        assertThat(data.normalisation().deviation().get(1)).isEqualTo(1 / 255.0);
    }

    @Test
    void coversPixelsLabelsAndNamesWithItsDigest() {
        ImageSet set = ImageSet.of(SHAPE, new byte[] {1, 2, 3, 4}, 0);
        ImageSet otherPixel = ImageSet.of(SHAPE, new byte[] {1, 2, 3, 5}, 0);
        ImageSet otherLabel = ImageSet.of(SHAPE, new byte[] {1, 2, 3, 4}, 1);

        assertThat(List.of(
                        ImageData.of(NAMES, set, set, 0).digest(),
                        ImageData.of(NAMES, otherPixel, set, 0).digest(),
                        ImageData.of(NAMES, set, otherPixel, 0).digest(),
                        ImageData.of(NAMES, otherLabel, set, 0).digest(),
                        ImageData.of(List.of("a", "c"), set, set, 0).digest()))
                .doesNotHaveDuplicates();
    }

    @Test
    void holdsOutEvenlySpacedImagesOfEachClass() {
        byte[] pixels = new byte[10];
        for (int i = 0; i < 10; i++) {
            pixels[i] = (byte) i;
        }
        ImageSet train = ImageSet.of(new ImageShape(1, 1, 1), pixels, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1);

        ImageData data = ImageData.of(NAMES, train, train, 0.5);

        // Class 0 is 0,1,2,3,6,7 and class 1 is 4,5,8,9: every second image of both.
        assertThat(bytes(data.validation())).containsExactly(1, 3, 5, 7, 9);
        assertThat(bytes(data.train())).containsExactly(0, 2, 4, 6, 8);
        assertThat(data.validation().labels()).isEqualTo(Ints.of(0, 0, 1, 0, 1));
    }

    @Test
    void doesNotChangeWhenTheCallersArrayDoes() {
        byte[] pixels = {1, 2, 3, 4};
        ImageSet set = ImageSet.of(SHAPE, pixels, 0);
        pixels[0] = 9;

        assertThat(bytes(set)).containsExactly(1, 2, 3, 4);
    }

    @Test
    void refusesALabelWithoutAName() {
        ImageSet train = ImageSet.of(SHAPE, new byte[4], 2);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageData.of(NAMES, train, train, 0))
                .withMessageContaining("label 2 of training image 0: must be 0 to 1");
    }

    @Test
    void refusesPixelsThatDoNotFitTheShape() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageSet.of(SHAPE, new byte[5], 0))
                .withMessageContaining("5 bytes");
    }

    private static byte[] bytes(ImageSet set) {
        byte[] bytes = new byte[set.count() * set.shape().size()];
        set.images().pixels().get(bytes);
        return bytes;
    }
}
