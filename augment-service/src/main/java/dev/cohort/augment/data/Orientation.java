package dev.cohort.augment.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The orientation of a picture, which training uses as viewers do: the tag Orientation (0x0112) of Exif 2.32, in a segment APP1
 * of a JPEG or a chunk eXIf of a PNG.
 */
enum Orientation {
    /** 1: not turned. */
    UPRIGHT(false, false, false),
    /** 2: left and right are exchanged. */
    MIRRORED(false, true, false),
    /** 3: turned by 180 degrees. */
    UPSIDE_DOWN(false, true, true),
    /** 4: top and bottom are exchanged. */
    FLIPPED(false, false, true),
    /** 5: transposed. */
    TRANSPOSED(true, false, false),
    /** 6: must be turned clockwise by 90 degrees. */
    TURNED_LEFT(true, true, false),
    /** 7: transposed, and turned by 180 degrees. */
    TRANSVERSED(true, true, true),
    /** 8: must be turned anticlockwise by 90 degrees. */
    TURNED_RIGHT(true, false, true);

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int ENTRY_BYTES = 12;
    private static final int APP1 = 0xe1;
    private static final int START_OF_SCAN = 0xda;
    private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
    private static final int PNG_SIGNATURE_BYTES = 8;
    private static final int PNG_EXIF = 0x65584966;
    private static final int PNG_END = 0x49454e44;

    private final boolean swaps;
    private final boolean mirrors;
    private final boolean flips;

    /**
     * @param swaps rows become columns, before the rest
     * @param mirrors left and right are exchanged
     * @param flips top and bottom are exchanged
     */
    Orientation(boolean swaps, boolean mirrors, boolean flips) {
        this.swaps = swaps;
        this.mirrors = mirrors;
        this.flips = flips;
    }

    /** The orientation in a file; {@link #UPRIGHT} if it has none or an invalid one. */
    static Orientation of(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        boolean jpeg = file.length > 2 && (in.getShort(0) & 0xffff) == 0xffd8;
        return jpeg ? ofJpeg(in) : ofPng(in);
    }

    private static Orientation ofJpeg(ByteBuffer in) {
        int at = 2;
        while (at + 4 <= in.limit() && (in.get(at) & 0xff) == 0xff) {
            int marker = in.get(at + 1) & 0xff;
            int length = in.getShort(at + 2) & 0xffff;
            if (marker == START_OF_SCAN || length < 2 || at + 2 + length > in.limit()) {
                return UPRIGHT;
            }
            int body = at + 4;
            int bodyBytes = length - 2;
            if (marker == APP1 && bodyBytes > EXIF.length && startsWithExif(in, body)) {
                return ofTiff(in.slice(body + EXIF.length, bodyBytes - EXIF.length));
            }
            at += 2 + length;
        }
        return UPRIGHT;
    }

    private static boolean startsWithExif(ByteBuffer in, int at) {
        return in.slice(at, EXIF.length).equals(ByteBuffer.wrap(EXIF));
    }

    private static Orientation ofPng(ByteBuffer in) {
        long at = PNG_SIGNATURE_BYTES;
        while (at + 12 <= in.limit()) {
            int length = in.getInt((int) at);
            int type = in.getInt((int) at + 4);
            if (type == PNG_END || length < 0 || at + 12 + length > in.limit()) {
                return UPRIGHT;
            }
            if (type == PNG_EXIF) {
                return ofTiff(in.slice((int) at + 8, length));
            }
            at += 12L + length;
        }
        return UPRIGHT;
    }

    /** The first directory of a TIFF structure. */
    private static Orientation ofTiff(ByteBuffer tiff) {
        if (tiff.limit() < 8) {
            return UPRIGHT;
        }
        short order = tiff.getShort(0);
        if (order != 0x4949 && order != 0x4d4d) {
            return UPRIGHT;
        }
        tiff.order(order == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = tiff.getInt(4) & 0xffffffffL;
        if (directory + 2 > tiff.limit()) {
            return UPRIGHT;
        }
        int entries = tiff.getShort((int) directory) & 0xffff;
        for (int i = 0; i < entries; i++) {
            long entry = directory + 2 + (long) i * ENTRY_BYTES;
            if (entry + ENTRY_BYTES > tiff.limit()) {
                return UPRIGHT;
            }
            int from = (int) entry;
            if ((tiff.getShort(from) & 0xffff) == TAG) {
                int value = tiff.getShort(from + 2) == SHORT ? tiff.getShort(from + 8) : 0;
                return value >= 1 && value <= values().length ? values()[value - 1] : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    /** Width of a picture of {@code width} by {@code height}, after turning. */
    int width(int width, int height) {
        return swaps ? height : width;
    }

    /** Height of a picture of {@code width} by {@code height}, after turning. */
    int height(int width, int height) {
        return swaps ? width : height;
    }

    /**
     * Turns pixels.
     *
     * @param rgb three bytes per pixel, row-major, {@code width * height} pixels
     */
    byte[] turn(byte[] rgb, int width, int height) {
        if (this == UPRIGHT) {
            return rgb;
        }
        byte[] turned = new byte[rgb.length];
        int wide = width(width, height);
        int high = height(width, height);
        for (int y = 0; y < high; y++) {
            for (int x = 0; x < wide; x++) {
                int seenX = mirrors ? wide - 1 - x : x;
                int seenY = flips ? high - 1 - y : y;
                int from = swaps ? seenX * width + seenY : seenY * width + seenX;
                System.arraycopy(rgb, 3 * from, turned, 3 * (y * wide + x), 3);
            }
        }
        return turned;
    }
}
