package dev.cohort.augment.data;

import dev.cohort.protocol.Limits;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads one PNG or JPEG file as 8-bit RGB, three bytes per pixel, row-major, turned according to its {@link Orientation}.
 * Transparency is dropped; 16-bit samples keep their upper byte. A grey picture has three equal bytes.
 */
final class PictureFile {
    private static final int SIDE_MAX = Limits.DEFAULT.imageSideMax();

    private final int width;
    private final int height;
    private final boolean grey;
    private final boolean turned;
    private final boolean animated;
    private final byte[] rgb;

    private PictureFile(int width, int height, boolean grey, boolean turned, boolean animated, byte[] rgb) {
        this.width = width;
        this.height = height;
        this.grey = grey;
        this.turned = turned;
        this.animated = animated;
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

    /** Whether it was turned or mirrored, according to its file. */
    boolean turned() {
        return turned;
    }

    /** Whether it has further frames, which were skipped. */
    boolean animated() {
        return animated;
    }

    /** The pixels; not a copy. */
    byte[] rgb() {
        return rgb;
    }

    static boolean isPicture(Path file) {
        String name = Folder.name(file).toLowerCase(Locale.ROOT);
        return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
    }

    static PictureFile read(Path file) throws DataException {
        if (Files.isDirectory(file)) {
            throw new DataException(file.toAbsolutePath()
                    + " is a folder with the name of a picture: expected a file; rename or remove it");
        }
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (IOException e) {
            throw Folder.unreadable(file, e);
        }
        if (!isWhole(content)) {
            throw new DataException(damaged(file, content));
        }
        // A stream in memory, since ImageIO would otherwise write a temporary file.
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DataException(damaged(file, content));
            }
            return read(file, content, readers.next(), in);
        } catch (IOException e) {
            throw new DataException(damaged(file, content), e);
        } catch (IllegalArgumentException
                | IllegalStateException
                | IndexOutOfBoundsException
                | NegativeArraySizeException e) {
            // The JDK's decoders do not check a damaged header.
            throw new DataException(damaged(file, content), new IOException(e));
        }
    }

    private static PictureFile read(Path file, byte[] content, ImageReader reader, ImageInputStream in)
            throws DataException, IOException {
        try {
            reader.setInput(in, true, true);
            // These read only the header; the pixels of a refused picture are not read.
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            if (Math.max(width, height) > SIDE_MAX) {
                throw new DataException(file.toAbsolutePath() + " is " + width + "x" + height
                        + " pixels: expected at most " + SIDE_MAX + " per side; scale the pictures down");
            }
            return decode(reader.read(0), Orientation.of(content), isAnimated(content));
        } finally {
            reader.dispose();
        }
    }

    /** Whether a PNG has a chunk acTL before its pixels. */
    private static boolean isAnimated(byte[] content) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        int pixels = text.indexOf("IDAT");
        int frames = text.indexOf("acTL");
        return text.startsWith("PNG", 1) && frames >= 0 && frames < pixels;
    }

    /**
     * Whether a PNG has its end chunk, or a JPEG an end after its last scan: the decoder silently fills the missing part of a
     * truncated JPEG with grey. Within a scan, a byte 0xff is never followed by 0xd9 (end) or 0xda (start of scan).
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
        String form = hasFourColours(content)
                ? "expected grey or RGB, found a JPEG in CMYK; convert it to RGB"
                : "expected a complete PNG or JPEG picture; replace or remove it";
        return file.toAbsolutePath() + " (" + content.length + " bytes) cannot be decoded: " + form;
    }

    /** Whether the frame header of a JPEG has four components, as in CMYK. */
    private static boolean hasFourColours(byte[] content) {
        int at = 2;
        while (at + 9 < content.length && (content[0] & 0xff) == 0xff && (content[at] & 0xff) == 0xff) {
            int marker = content[at + 1] & 0xff;
            boolean frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
            if (frame) {
                return content[at + 9] == 4;
            }
            at += 2 + ((content[at + 2] & 0xff) << 8 | (content[at + 3] & 0xff));
        }
        return false;
    }

    private static PictureFile decode(BufferedImage picture, Orientation orientation, boolean animated) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        byte[] rgb = new byte[width * height * 3];
        // getRGB would brighten grey pictures, since Java treats their values as linear light.
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
        } else if (picture.getSampleModel().getSampleSize(0) > 8) {
            // Truncated like grey samples; getRGB would round them.
            int shift = picture.getSampleModel().getSampleSize(0) - 8;
            for (int channel = 0; channel < 3; channel++) {
                int[] samples = picture.getRaster().getSamples(0, 0, width, height, channel, (int[]) null);
                for (int i = 0; i < samples.length; i++) {
                    rgb[3 * i + channel] = (byte) (samples[i] >> shift);
                }
            }
        } else {
            int[] packed = picture.getRGB(0, 0, width, height, null, 0, width);
            for (int i = 0; i < packed.length; i++) {
                rgb[3 * i] = (byte) (packed[i] >> 16);
                rgb[3 * i + 1] = (byte) (packed[i] >> 8);
                rgb[3 * i + 2] = (byte) packed[i];
            }
        }
        return new PictureFile(
                orientation.width(width, height),
                orientation.height(width, height),
                grey,
                orientation != Orientation.UPRIGHT,
                animated,
                orientation.turn(rgb, width, height));
    }
}
