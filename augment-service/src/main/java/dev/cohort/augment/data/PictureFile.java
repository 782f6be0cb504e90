package dev.cohort.augment.data;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * One PNG or JPEG file as 8-bit RGB, three bytes a pixel, row-major. Transparency is dropped, 16-bit samples keep their upper
 * byte. A grey picture has three equal bytes.
 */
final class PictureFile {
    private final int width;
    private final int height;
    private final boolean grey;
    private final byte[] rgb;

    private PictureFile(int width, int height, boolean grey, byte[] rgb) {
        this.width = width;
        this.height = height;
        this.grey = grey;
        this.rgb = rgb;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** Whether the file has a single grey channel. */
    boolean grey() {
        return grey;
    }

    /** Not a copy. */
    byte[] rgb() {
        return rgb;
    }

    static boolean isPicture(Path file) {
        String name = Folder.name(file).toLowerCase(Locale.ROOT);
        return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
    }

    static PictureFile read(Path file) throws DataException {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (IOException e) {
            throw Folder.unreadable(file, e);
        }
        if (!isWhole(content)) {
            throw new DataException(damaged(file, content));
        }
        BufferedImage picture;
        try {
            // A stream in memory: ImageIO would else write a temporary file. It closes the stream itself.
            picture = ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(content)));
        } catch (IOException e) {
            throw new DataException(damaged(file, content), e);
        } catch (IllegalArgumentException
                | IllegalStateException
                | IndexOutOfBoundsException
                | NegativeArraySizeException e) {
            // The decoders of the JDK do not check what a broken header says.
            throw new DataException(damaged(file, content), new IOException(e));
        }
        if (picture == null) {
            throw new DataException(damaged(file, content));
        }
        return decode(picture);
    }

    /**
     * Whether a PNG has its end chunk, or a JPEG an end after its last scan: the decoder fills what a truncated JPEG lacks with
     * grey and does not complain. Within a scan a byte 0xff is never followed by 0xd9 (end) or 0xda (start of scan).
     */
    private static boolean isWhole(byte[] content) {
        if (content.length < 2 || (content[0] & 0xff) != 0xff || (content[1] & 0xff) != 0xd8) {
            return new String(content, StandardCharsets.ISO_8859_1).contains("IEND");
        }
        for (int i = content.length - 2; i >= 0; i--) {
            int next = content[i + 1] & 0xff;
            if ((content[i] & 0xff) == 0xff && (next == 0xd9 || next == 0xda)) {
                return next == 0xd9;
            }
        }
        return false;
    }

    private static String damaged(Path file, byte[] content) {
        return file.toAbsolutePath() + " (" + content.length
                + " bytes) cannot be decoded: expected a whole PNG or JPEG picture; replace or remove it";
    }

    private static PictureFile decode(BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        byte[] rgb = new byte[width * height * 3];
        // getRGB would brighten grey pictures: Java takes their values for linear light.
        boolean grey = picture.getColorModel().getNumColorComponents() == 1;
        if (grey) {
            Raster raster = picture.getRaster();
            int bits = raster.getSampleModel().getSampleSize(0);
            int[] samples = raster.getSamples(0, 0, width, height, 0, (int[]) null);
            for (int i = 0; i < samples.length; i++) {
                int value = bits > 8 ? samples[i] >> (bits - 8) : samples[i] * 255 / ((1 << bits) - 1);
                rgb[3 * i] = (byte) value;
                rgb[3 * i + 1] = (byte) value;
                rgb[3 * i + 2] = (byte) value;
            }
        } else {
            int[] packed = picture.getRGB(0, 0, width, height, null, 0, width);
            for (int i = 0; i < packed.length; i++) {
                rgb[3 * i] = (byte) (packed[i] >> 16);
                rgb[3 * i + 1] = (byte) (packed[i] >> 8);
                rgb[3 * i + 2] = (byte) packed[i];
            }
        }
        return new PictureFile(width, height, grey, rgb);
    }
}
