package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.ImageShape;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class BuiltInFashionMnistTest {
    @Test
    void holdsAThousandAndTwoHundredImagesOfEachClass() throws Exception {
        ImageData data = DataCatalog.open(Folders.builtIn(0));

        assertThat(data.shape()).isEqualTo(new ImageShape(28, 28, 1));
        assertThat(data.classNames()).hasSize(10).startsWith("T-shirt/top").endsWith("Ankle boot");
        assertThat(data.validation().count()).isZero();
        for (int label = 0; label < 10; label++) {
            int wanted = label;
            assertThat(data.train().labels().stream().filter(l -> l == wanted)).hasSize(1000);
            assertThat(data.test().labels().stream().filter(l -> l == wanted)).hasSize(200);
        }
    }

    @Test
    void hasThePixelStatisticsOfTheWholeSet() throws Exception {
        ImageData data = DataCatalog.open(Folders.builtIn(0));

        // The whole of Fashion-MNIST has mean 0.2860 and deviation 0.3530.
        assertThat(data.normalisation().mean().get(0)).isCloseTo(0.2860, within(0.002));
        assertThat(data.normalisation().deviation().get(0)).isCloseTo(0.3530, within(0.002));
    }

    @Test
    void isTheSameDataOnEveryMachine() throws Exception {
        assertThat(DataCatalog.open(Folders.builtIn(0)).digest().hex())
                .isEqualTo("85b8ca4e58349b90037770a4f4e3457ab086df5e3ad455b1ae1b0adbcc1cb95c");
    }

    @Test
    void holdsOutTheSameShareOfEveryClass() throws Exception {
        ImageData data = DataCatalog.open(Folders.builtIn(0.1));

        assertThat(data.train().count()).isEqualTo(9000);
        for (int label = 0; label < 10; label++) {
            int wanted = label;
            assertThat(data.validation().labels().stream().filter(l -> l == wanted))
                    .hasSize(100);
        }
        assertThat(data.digest())
                .isEqualTo(DataCatalog.open(Folders.builtIn(0.1)).digest())
                .isNotEqualTo(DataCatalog.open(Folders.builtIn(0)).digest());
    }

    @Test
    void carriesItsLicence() throws Exception {
        try (InputStream licence = DataCatalog.class.getResourceAsStream("fashion-mnist/LICENSE.txt")) {
            assertThat(licence).isNotNull();
            assertThat(new String(licence.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Permission is hereby granted", "Zalando SE");
        }
    }
}
