package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures are read in their displayed orientation. Expected values were written by hand from the figure in Exif 2.32, 4.6.4. */
final class OrientationTest {
    private static final int PNG_HEADER_BYTES = 8 + 25;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "1, ABC/DEF",
        "2, CBA/FED",
        "3, FED/CBA",
        "4, DEF/ABC",
        "5, AD/BE/CF",
        "6, DA/EB/FC",
        "7, FC/EB/DA",
        "8, CF/BE/AD"
    })
    void turnsAPictureAsDisplayed(int orientation, String seen) throws Exception {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            PictureFile picture = read("a.png", png("ABC/DEF", exif(orientation, order)));

            assertThat(letters(picture)).isEqualTo(seen);
            assertThat(picture.turned()).isEqualTo(orientation != 1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, red, blue, 16x8", "2, blue, red, 16x8", "3, blue, red, 16x8", "4, red, blue, 16x8",
        "5, red, blue, 8x16", "6, red, blue, 8x16", "7, blue, red, 8x16", "8, blue, red, 8x16"
    })
    void turnsAJpeg(int orientation, String first, String last, String size) throws Exception {
        PictureFile picture = read("a.jpg", jpeg(exif(orientation, ByteOrder.BIG_ENDIAN)));

        assertThat(picture.width() + "x" + picture.height()).isEqualTo(size);
        assertThat(colour(picture, 0)).isEqualTo(first);
        assertThat(colour(picture, picture.width() * picture.height() - 1)).isEqualTo(last);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 65_535})
    void ignoresAnImpossibleOrientation(int orientation) throws Exception {
        assertThat(letters(read("a.png", png("ABC/DEF", exif(orientation, ByteOrder.BIG_ENDIAN)))))
                .isEqualTo("ABC/DEF");
    }

    @Test
    void readsAPictureWhateverItsExifHolds() throws Exception {
        Random random = new Random(5);
        byte[] good = exif(6, ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 500; i++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 1));
            for (int k = 0; k < 3 && bad.length > 0; k++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }

            assertThat(read("a.png", png("ABC/DEF", bad)).rgb()).hasSize(18);
            assertThat(read("a.jpg", jpeg(bad)).rgb()).hasSize(16 * 8 * 3);
        }
    }

    @Test
    void countsTurnedPictures() throws Exception {
        for (String name : new String[] {"train/x/a.png", "train/x/b.png", "train/y/a.png", "test/x/a.png"}) {
            byte[] file = png(
                    name.endsWith("b.png") ? "AB/CD/EF" : "ABC/DEF",
                    exif(name.endsWith("b.png") ? 8 : 1, ByteOrder.BIG_ENDIAN));
            Folders.write(folder.resolve(name), file);
        }

        ImageData data = DataCatalog.open(Folders.data("imagefolder", folder));

        assertThat(data.notes())
                .contains("1 picture was turned or mirrored according to the Exif orientation in the file");
    }

    private PictureFile read(String name, byte[] file) throws Exception {
        return PictureFile.read(Files.write(folder.resolve(name), file));
    }

    /** The letter A is the grey value 65, and so on. */
    private static String letters(PictureFile picture) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < picture.width() * picture.height(); i++) {
            letters.append(i > 0 && i % picture.width() == 0 ? "/" : "").append((char) picture.rgb()[3 * i]);
        }
        return letters.toString();
    }

    private static String colour(PictureFile picture, int pixel) {
        return (picture.rgb()[3 * pixel] & 0xff) > (picture.rgb()[3 * pixel + 2] & 0xff) ? "red" : "blue";
    }

    /** A TIFF structure with one entry before the orientation. */
    private static byte[] exif(int orientation, ByteOrder order) {
        ByteBuffer tiff = ByteBuffer.allocate(38).order(order);
        tiff.put((order == ByteOrder.LITTLE_ENDIAN ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
        tiff.putShort((short) 42).putInt(8).putShort((short) 2);
        tiff.putShort((short) 0x0100).putShort((short) 4).putInt(1).putInt(3);
        tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return tiff.array();
    }

    private static byte[] png(String rows, byte[] exif) throws IOException {
        String[] lines = rows.split("/", -1);
        BufferedImage image = new BufferedImage(lines[0].length(), lines.length, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < lines.length; y++) {
            for (int x = 0; x < lines[y].length(); x++) {
                image.getRaster().setSample(x, y, 0, lines[y].charAt(x));
            }
        }
        ByteBuffer chunk = ByteBuffer.allocate(12 + exif.length);
        chunk.putInt(exif.length)
                .put("eXIf".getBytes(StandardCharsets.US_ASCII))
                .put(exif);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + exif.length);
        chunk.putInt((int) crc.getValue());
        return insert(encoded(image, "png"), PNG_HEADER_BYTES, chunk.array());
    }

    /** 16x8 pixels, the left half red and the right half blue. */
    private static byte[] jpeg(byte[] exif) throws IOException {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 128; i++) {
            image.setRGB(i % 16, i / 16, i % 16 < 8 ? 0xff0000 : 0x0000ff);
        }
        ByteBuffer segment = ByteBuffer.allocate(10 + exif.length);
        segment.putShort((short) 0xffe1).putShort((short) (8 + exif.length));
        segment.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(exif);
        return insert(encoded(image, "jpg"), 2, segment.array());
    }

    private static byte[] encoded(BufferedImage image, String form) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, form, out)).isTrue();
        return out.toByteArray();
    }

    private static byte[] insert(byte[] file, int at, byte[] piece) {
        ByteBuffer whole = ByteBuffer.allocate(file.length + piece.length);
        return whole.put(file, 0, at).put(piece).put(file, at, file.length - at).array();
    }
}
