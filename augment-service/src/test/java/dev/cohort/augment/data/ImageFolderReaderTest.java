package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageFolderReaderTest {
    @TempDir
    Path folder;

    @BeforeEach
    void makeFolder() throws Exception {
        picture("train/cat/b.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0x102030);
        picture("train/cat/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0x405060);
        picture("train/bird/z.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0x708090);
        picture("test/cat/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0xa0b0c0);
    }

    @Test
    void ordersClassesAndPicturesByName() throws Exception {
        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(data.shape()).isEqualTo(new ImageShape(3, 4, 3));
        assertThat(data.classNames()).containsExactly("bird", "cat");
        assertThat(data.train().labels()).isEqualTo(Ints.of(0, 1, 1));
        assertThat(data.test().labels()).isEqualTo(Ints.of(1));
        assertThat(firstPixels(data.train())).containsExactly(0x708090, 0x405060, 0x102030);
    }

    @Test
    void readsTheFolderValAsTestSet() throws Exception {
        Files.move(folder.resolve("test"), folder.resolve("val"));

        assertThat(DataCatalog.open(Folders.data("imagefolder", folder)).test().count())
                .isEqualTo(1);
    }

    @Test
    void keepsGreyPicturesGreyWithoutChangingTheirValues() throws Exception {
        Path grey = folder.resolve("grey");
        for (String name : new String[] {"grey/train/x/1.png", "grey/test/x/1.png"}) {
            BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_BYTE_GRAY);
            image.getRaster().setSample(0, 0, 0, 77);
            save(name, image);
        }

        ImageData data = DataCatalog.open(Folders.data("imagefolder", grey));

        assertThat(data.shape()).isEqualTo(new ImageShape(3, 4, 1));
        assertThat(data.train().images().pixels().get(0)).isEqualTo((byte) 77);
    }

    @Test
    void makesAGreyPictureAmongColouredOnesRgb() throws Exception {
        BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, 77);
        save("train/bird/z.png", image);

        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(firstPixels(data.train())).startsWith(0x4d4d4d);
    }

    @Test
    void readsJpeg() throws Exception {
        picture("train/cat/c.jpg", BufferedImage.TYPE_INT_RGB, 4, 3, 0xff0000);

        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(data.train().count()).isEqualTo(4);
        assertThat(firstPixels(data.train())[3] >> 16).isGreaterThan(0xf0);
    }

    @Test
    void keepsTheUpperByteOfSixteenBitSamples() throws Exception {
        for (int channels : new int[] {1, 2, 3, 4}) {
            PictureFile picture = PictureFile.read(folder.resolve(wide("a" + channels + ".png", channels, 0x12ff)));

            assertThat(picture.grey()).isEqualTo(channels < 3);
            assertThat(picture.rgb()).startsWith(0x12, 0x12, 0x12).hasSize(4 * 3 * 3);
        }
    }

    @Test
    void readsColoursFromAPalette() throws Exception {
        picture("palette.png", BufferedImage.TYPE_BYTE_INDEXED, 4, 3, 0xff0000);
        picture("two.png", BufferedImage.TYPE_BYTE_BINARY, 4, 3, 0xffffff);

        assertThat(PictureFile.read(folder.resolve("palette.png")).rgb()).startsWith(255, 0, 0);
        assertThat(PictureFile.read(folder.resolve("two.png")).rgb()).startsWith(255, 255, 255);
    }

    /** 4x3 pixels of 16 bits: grey, grey and alpha, RGB, RGB and alpha. */
    private String wide(String name, int channels, int value) throws Exception {
        ColorSpace space = ColorSpace.getInstance(channels < 3 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        boolean alpha = channels % 2 == 0;
        ColorModel colours = new ComponentColorModel(
                space, alpha, false, alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 4, 3, channels, null);
        for (int i = 0; i < 12 * channels; i++) {
            raster.setSample(i / channels % 4, i / channels / 4, i % channels, value);
        }
        save(name, new BufferedImage(colours, raster, false, null));
        return name;
    }

    @Test
    void refusesMixedSizes() throws Exception {
        picture("train/cat/c.png", BufferedImage.TYPE_INT_RGB, 5, 3, 0);

        refuses(folder.resolve("train/cat/c.png") + " is 5x3 pixels: expected 4x3", "scale all pictures to one size");
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg"})
    void refusesATruncatedPictureWhereverItEnds(String form) throws Exception {
        Path file = folder.resolve("train/cat/a." + form);
        noise("train/cat/a." + form);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length - 8; length += 7) {
            Files.write(file, Arrays.copyOf(whole, length));

            refuses(file + " (" + length + " bytes) cannot be decoded");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg"})
    void neverFailsOtherwiseOnDamagedBytes(String form) throws Exception {
        Path file = folder.resolve("train/cat/a." + form);
        noise("train/cat/a." + form);
        byte[] whole = Files.readAllBytes(file);
        for (int at = 0; at < whole.length; at += 3) {
            byte[] damaged = whole.clone();
            damaged[at] ^= (byte) (0xff >> at % 8);
            Files.write(file, damaged);

            try {
                assertThat(PictureFile.read(file).rgb()).isNotEmpty();
            } catch (DataException e) {
                assertThat(e.getMessage()).containsAnyOf("cannot be decoded", "expected at most 4096 per side");
            }
        }
    }

    @Test
    void refusesAFileThatIsNoPicture() throws Exception {
        Files.writeString(folder.resolve("train/cat/a.png"), "not a picture");

        refuses("a.png (13 bytes) cannot be decoded");
    }

    @Test
    void refusesAClassWithoutPictures() throws Exception {
        Files.createDirectories(folder.resolve("train/dog"));

        refuses("no picture in " + folder.resolve("train/dog"));
    }

    @Test
    void refusesATestClassWithoutTrainingPictures() throws Exception {
        picture("test/fish/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0);

        refuses(folder.resolve("test/fish") + " is a class without training pictures");
    }

    @Test
    void refusesAFolderWithoutTestPictures() throws Exception {
        Files.move(folder.resolve("test"), folder.resolve("other"));

        refuses("no folder test or val in " + folder);
    }

    @Test
    void namesSkippedFiles() throws Exception {
        for (String name : new String[] {
            "train/cat/a.webp",
            "train/cat/b.bmp",
            "train/bird/c.WEBP",
            "train/cat/README",
            "test/cat/z.tiff",
            "train/loose.png"
        }) {
            Folders.write(folder.resolve(name), new byte[] {1});
        }
        Files.createDirectories(folder.resolve("train/cat/more"));
        Folders.write(folder.resolve("train/cat/.hidden"), new byte[] {1});

        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(data.train().count()).isEqualTo(3);
        assertThat(data.notes())
                .contains(
                        "7 files are skipped, which are no .png, .jpg or .jpeg in the folder of a class: 1 .bmp, 1 .png, 1"
                                + " .tiff, 2 .webp, 1 folders, 1 without an ending; the first is "
                                + folder.resolve("train/loose.png"));
    }

    @Test
    void hasNoNotesOnCompleteData() throws Exception {
        picture("test/bird/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0xa0b0c0);

        assertThat(DataCatalog.open(Folders.data("imagefolder", folder)).notes())
                .isEmpty();
    }

    @Test
    void namesClassesWithoutATestImage() throws Exception {
        assertThat(DataCatalog.open(Folders.data("imagefolder", folder)).notes())
                .containsExactly("1 of 2 classes has no test image: bird");
    }

    @Test
    void namesClassesThatDifferOnlyInCase() throws Exception {
        picture("train/Cat/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0);

        assertThat(DataCatalog.open(Folders.data("imagefolder", folder)).notes())
                .contains(
                        "classes Cat and cat differ only in case: with case-insensitive file names, they would be one class");
    }

    @Test
    void namesTheTrainingClassThatDiffersFromATestClassOnlyInCase() throws Exception {
        picture("test/Cat/a.png", BufferedImage.TYPE_INT_RGB, 4, 3, 0);

        refuses(
                folder.resolve("test/Cat") + " is a class without training pictures",
                "(cat differs from it only in case)");
    }

    @Test
    void refusesAFolderThatIsNamedLikeAPicture() throws Exception {
        Files.createDirectories(folder.resolve("train/cat/x.png"));

        refuses(folder.resolve("train/cat/x.png") + " is a folder");
    }

    @Test
    void refusesALinkToNothing() throws Exception {
        Files.createSymbolicLink(folder.resolve("train/cat/x.png"), folder.resolve("gone.png"));

        refuses(folder.resolve("train/cat/x.png").toString(), "check that it exists");
    }

    @Test
    void refusesACmykJpegWithAdviceToConvertIt() throws Exception {
        picture("train/cat/c.jpg", BufferedImage.TYPE_INT_RGB, 4, 3, 0xff0000);
        Path file = folder.resolve("train/cat/c.jpg");
        byte[] jpeg = Files.readAllBytes(file);
        for (int i = 0; i < jpeg.length - 9; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == 0xc0) {
                jpeg[i + 9] = 4;
            }
        }
        Files.write(file, jpeg);

        refuses(file.toString(), "JPEG in CMYK; convert it to RGB");
    }

    @Test
    void refusesAPictureWithASideAboveTheLimit() throws Exception {
        picture("train/bird/z.png", BufferedImage.TYPE_BYTE_GRAY, 4, 4_097, 0);

        refuses(folder.resolve("train/bird/z.png") + " is 4x4097 pixels: expected at most 4096 per side");
    }

    @Test
    void makesGreyPicturesRgbWhenALaterOneIsColoured() throws Exception {
        for (String name : new String[] {"train/bird/z.png", "test/cat/a.png"}) {
            BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_BYTE_GRAY);
            image.getRaster().setSample(0, 0, 0, 77);
            save(name, image);
        }

        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(firstPixels(data.train())).containsExactly(0x4d4d4d, 0x405060, 0x102030);
        assertThat(firstPixels(data.test())).containsExactly(0x4d4d4d);
    }

    @Test
    void refusesTooLargeData() {
        Room room = new Room(16 << 20);

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> ImageFolderReader.read(folder, room))
                .withMessageContainingAll(
                        "4 pictures in " + folder, "takes 17 MiB", "limited to 16 MiB", "COHORT_JAVA_OPTS=-Xmx21m");
    }

    private void refuses(String... parts) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> DataCatalog.open(Folders.data("imagefolder", folder)))
                .withMessageContainingAll(parts);
    }

    /** 4x3 pixels that do not compress. */
    private void noise(String name) throws Exception {
        BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 12; i++) {
            image.setRGB(i % 4, i / 4, i * 0x9e3779 & 0xffffff);
        }
        save(name, image);
    }

    private void picture(String name, int type, int width, int height, int rgb) throws Exception {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, rgb);
        }
        save(name, image);
    }

    private void save(String name, BufferedImage image) throws Exception {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        assertThat(ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile()))
                .isTrue();
    }

    private static int[] firstPixels(ImageSet set) {
        ByteBuffer pixels = set.images().pixels();
        int[] first = new int[set.count()];
        for (int i = 0; i < first.length; i++) {
            int at = i * set.shape().size();
            first[i] = (pixels.get(at) & 0xff) << 16 | (pixels.get(at + 1) & 0xff) << 8 | (pixels.get(at + 2) & 0xff);
        }
        return first;
    }
}
