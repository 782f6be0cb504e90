package dev.cohort.augment.data;

/**
 * The memory available for data, checked before it is allocated.
 *
 * @param bytesMax limit of the heap of this process
 */
record Room(long bytesMax) {
    /** Heap for the program itself and for small objects while data is read. */
    private static final long BESIDES = 16L << 20;

    private static final int MIB = 1 << 20;

    static Room ofThisProcess() {
        return new Room(Runtime.getRuntime().maxMemory());
    }

    /**
     * Refuses data that needs more memory than available.
     *
     * @param bytes largest amount in use at once while the data is read
     * @param what name of the data in the message, such as its path
     */
    void require(long bytes, String what) throws DataException {
        long needed = bytes + BESIDES;
        if (needed > bytesMax) {
            throw new DataException(
                    "reading " + what + " takes " + up(needed) + " MiB of memory, but this process is limited to "
                            + bytesMax / MIB + " MiB: start it with COHORT_JAVA_OPTS=-Xmx" + up(needed + needed / 4)
                            + "m, or use fewer or smaller images");
        }
    }

    private static long up(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }
}
