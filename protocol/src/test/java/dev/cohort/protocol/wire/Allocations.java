package dev.cohort.protocol.wire;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Bytes on the heap that a thread has asked for; the same for the same work, unlike time. */
final class Allocations {
    private Allocations() {}

    static long ofThisThread() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
