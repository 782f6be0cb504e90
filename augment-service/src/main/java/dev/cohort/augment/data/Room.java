package dev.cohort.augment.data;

/**
 * The memory there is to read data into, asked before it is allocated.
 *
 * @param bytesMax of the heap of this process
 */
record Room(long bytesMax) {
    /** What the program itself takes of a heap, and the little things that are made while data is read. */
    private static final long BESIDES = 16L << 20;

    private static final int MIB = 1 << 20;

    static Room ofThisProcess() {
        return new Room(Runtime.getRuntime().maxMemory());
    }

    /**
     * Refuses data for which there is no room.
     *
     * @param bytes that reading it takes at once, at most
     * @param what for people, such as the path
     */
    void require(long bytes, String what) throws DataException {
        long needed = bytes + BESIDES;
        if (needed > bytesMax) {
            throw new DataException(
                    "reading " + what + " takes " + up(needed) + " MiB of memory, and this process may have "
                            + bytesMax / MIB + " MiB: start it with COHORT_JAVA_OPTS=-Xmx" + up(needed + needed / 4)
                            + "m, or use fewer or smaller images");
        }
    }

    private static long up(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }
}
