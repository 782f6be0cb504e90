package dev.cohort.launch.chaos;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.Finding;
import dev.cohort.study.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks on the log of a finished run what must hold whatever happened to it. Pure. */
public final class Promises {
    /** Memory may grow by this share of the settled size, or by {@code GROWTH_BYTES_MAX} if that is more. */
    private static final double GROWTH_MAX = 0.5;

    private static final long GROWTH_BYTES_MAX = 96L << 20;

    private Promises() {}

    /** A promise, and whether it was kept. */
    public record Promise(String name, boolean kept, String detail) {}

    /**
     * Counts of the log besides its outcomes.
     *
     * @param refused records on any topic that readers refuse
     * @param digestMismatches predictions that were rejected because the batch was rendered differently
     */
    public record Said(long refused, long digestMismatches) {}

    /** Counts over all topics. */
    public static Said read(RecordedLog log) {
        long refused = 0;
        long mismatches = 0;
        for (Topic topic : Topic.values()) {
            for (int partition = 0; partition < log.partitions(topic); partition++) {
                try (RecordedLog.Reading reading = log.read(topic, partition)) {
                    for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                        refused += next.get() instanceof RecordedLog.Refused ? 1 : 0;
                        mismatches +=
                                next.get() instanceof RecordedLog.Said entry && isMismatch(entry.message()) ? 1 : 0;
                    }
                }
            }
        }
        return new Said(refused, mismatches);
    }

    private static boolean isMismatch(Message message) {
        return message instanceof Rejection rejection && rejection.reason() == Rejection.Reason.DIGEST;
    }

    /**
     * Every planned batch has exactly one outcome, each follows from the predictions it names, and corrupt records had no effect.
     *
     * @param corrupt records that were written and must be refused
     * @param uncertain further such records that may or may not have been written
     */
    public static List<Promise> ofLog(Verification.Verdict verdict, Said counts, long corrupt, long uncertain) {
        List<Promise> promises = new ArrayList<>();
        boolean whole = verdict.lastStep().isPresent()
                && verdict.steps() == verdict.lastStep().getAsLong()
                && verdict.findings().stream()
                        .noneMatch(f ->
                                f.kind() == Finding.Kind.MISSING && f.field().equals("outcome"));
        promises.add(new Promise(
                "every planned batch has exactly one outcome",
                whole,
                verdict.steps() + " outcomes for "
                        + (verdict.lastStep().isPresent() ? verdict.lastStep().getAsLong() + " batches" : "no end")
                        + ", " + verdict.outcomesIgnored() + " later ones ignored"));
        promises.add(new Promise(
                "every outcome follows from the predictions it names",
                verdict.clean(),
                verdict.recomputed() + " of " + verdict.targets() + " computed again, " + verdict.found() + " findings"
                        + verdict.findings().stream()
                                .findFirst()
                                .map(f -> ", the first: " + f.sentence())
                                .orElse("")));
        promises.add(new Promise(
                "every peer rendered the batches that were sent",
                counts.digestMismatches() == 0,
                counts.digestMismatches() + " digests differ"));
        promises.add(new Promise(
                "corrupt and foreign records are refused, and no others",
                counts.refused() >= corrupt && counts.refused() <= corrupt + uncertain,
                counts.refused() + " refused, " + corrupt + " written"
                        + (uncertain == 0 ? "" : ", perhaps " + uncertain + " more")));
        return promises;
    }

    /** No process grew without bound. */
    public static Promise ofMemory(Optional<MemoryWatch.Growth> largest) {
        return largest.map(growth -> {
                    long limit = growth.settledBytes()
                            + Math.max(GROWTH_BYTES_MAX, (long) (GROWTH_MAX * growth.settledBytes()));
                    return new Promise(
                            "memory is bounded",
                            growth.mostBytes() <= limit,
                            growth.name() + " grew most: from " + mib(growth.settledBytes()) + " to "
                                    + mib(growth.mostBytes()) + " MiB, limit " + mib(limit));
                })
                .orElse(new Promise(
                        "memory is bounded",
                        true,
                        "not measured: no process lived long enough, or the system is not Linux"));
    }

    private static long mib(long bytes) {
        return bytes >> 20;
    }
}
