package dev.cohort.simulation;

import java.util.SplittableRandom;

/**
 * How well messages travel. All per-mille figures count per record.
 *
 * @param appendDelayMsMax until an append is in the log
 * @param readDelayMsMax until a consumer has read a record
 * @param stragglersPerMille records that take up to ten times as long
 * @param lostPerMille appends that the producer gives up, together with those that follow in the same call
 * @param duplicatedPerMille appends that are stored twice, the second time later
 * @param rereadPerMille reads that go back by up to three records
 */
record Weather(
        long appendDelayMsMax,
        long readDelayMsMax,
        int stragglersPerMille,
        int lostPerMille,
        int duplicatedPerMille,
        int rereadPerMille) {
    static final Weather CALM = new Weather(4, 4, 0, 0, 0, 0);

    long appendDelayMs(SplittableRandom random) {
        return delayMs(random, appendDelayMsMax);
    }

    long readDelayMs(SplittableRandom random) {
        return delayMs(random, readDelayMsMax);
    }

    private long delayMs(SplittableRandom random, long maxMs) {
        long most = hits(random, stragglersPerMille) ? 10 * maxMs : maxMs;
        return random.nextLong(most + 1);
    }

    boolean loses(SplittableRandom random) {
        return hits(random, lostPerMille);
    }

    boolean duplicates(SplittableRandom random) {
        return hits(random, duplicatedPerMille);
    }

    boolean rereads(SplittableRandom random) {
        return hits(random, rereadPerMille);
    }

    private static boolean hits(SplittableRandom random, int perMille) {
        return perMille > 0 && random.nextInt(1000) < perMille;
    }
}
