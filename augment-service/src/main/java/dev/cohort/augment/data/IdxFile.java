package dev.cohort.augment.data;

import dev.cohort.tensor.Ints;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One IDX file of unsigned bytes (http://yann.lecun.com/exdb/mnist/): magic 0x000008nn with nn dimensions, the dimensions as
 * big-endian ints, then the values row-major.
 */
final class IdxFile {
    private static final int UNSIGNED_BYTES = 0x800;
    /** The first two bytes of a gzip file. */
    private static final int GZIP = 0x1f8b;

    private final Ints dimensions;
    private final byte[] values;

    private IdxFile(Ints dimensions, byte[] values) {
        this.dimensions = dimensions;
        this.values = values;
    }

    Ints dimensions() {
        return dimensions;
    }

    /** The values, row-major; not a copy. */
    byte[] values() {
        return values;
    }

    /**
     * Reads a whole file.
     *
     * @param name for messages; a file with a name ending in .gz is decompressed
     * @param rank expected number of dimensions: 3 for images, 1 for labels
     * @param room memory for the values and a copy of them, in case some are held out
     */
    static IdxFile read(InputStream source, String name, int rank, Room room) throws DataException, IOException {
        try (InputStream in = name.endsWith(".gz") ? new GZIPInputStream(source, 1 << 16) : source) {
            return parse(new DataInputStream(new BufferedInputStream(in, 1 << 16)), name, rank, room);
        } catch (ZipException e) {
            throw new DataException(name + " is not a valid gzip file (" + e.getMessage() + "): download it again", e);
        } catch (EOFException e) {
            throw new DataException(name + " ends early: it is truncated, download it again", e);
        }
    }

    private static IdxFile parse(DataInputStream in, String name, int rank, Room room)
            throws DataException, IOException {
        int magic = in.readInt();
        if (magic >>> 16 == GZIP) {
            throw new DataException(
                    name + " is compressed with gzip: expected a name that ends in .gz; rename or decompress it");
        }
        if (magic != UNSIGNED_BYTES + rank) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "%s starts with 0x%08x: expected 0x%08x, an IDX file of unsigned bytes with %d dimension%s;"
                            + " put the right file there",
                    name,
                    magic,
                    UNSIGNED_BYTES + rank,
                    rank,
                    rank == 1 ? "" : "s"));
        }
        int[] dimensions = new int[rank];
        long size = 1;
        for (int i = 0; i < rank; i++) {
            dimensions[i] = in.readInt();
            size = dimensions[i] < 1 || size > Folder.ARRAY_BYTES_MAX ? Long.MAX_VALUE : size * dimensions[i];
        }
        if (size > Folder.ARRAY_BYTES_MAX) {
            throw new DataException(name + " declares the size " + Arrays.toString(dimensions)
                    + ": expected positive numbers and at most 2 GiB in total; download it again");
        }
        room.require(2 * size, name);
        byte[] values = new byte[(int) size];
        int read = in.readNBytes(values, 0, values.length);
        if (read < size) {
            throw new DataException(name + " ends after " + read + " of " + size
                    + " bytes of values: it is truncated, download it again");
        }
        if (in.read() != -1) {
            throw new DataException(
                    name + " continues after the " + size + " bytes of values that it declares: download it again");
        }
        return new IdxFile(Ints.of(dimensions), values);
    }
}
