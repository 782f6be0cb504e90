package dev.cohort.launch.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A comparison: every variant is run with every seed.
 *
 * @param seeds {@code run.seed} of the runs, which determines everything random
 * @param variants the first is the one that the others are compared with, besides the control peer
 */
public record Comparison(String name, List<Long> seeds, List<Variant> variants) {
    public Comparison {
        seeds = List.copyOf(seeds);
        variants = List.copyOf(variants);
    }

    /**
     * One way to train.
     *
     * @param where its name in messages about problems
     * @param base file of its experiment; empty for the quickstart
     * @param settings {@code key=value} that override the file, applied in this order
     */
    public record Variant(String name, String where, Optional<Path> base, List<String> settings) {
        public Variant {
            settings = List.copyOf(settings);
        }
    }
}
