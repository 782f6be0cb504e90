package dev.cohort.launch.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is compared: every variant is run with every seed.
 *
 * @param seeds {@code run.seed} of the runs; everything that is drawn follows from it
 * @param variants the first is what the others are compared with, beside the control peer
 */
public record Comparison(String name, List<Long> seeds, List<Variant> variants) {
    public Comparison {
        seeds = List.copyOf(seeds);
        variants = List.copyOf(variants);
    }

    /**
     * One way to train.
     *
     * @param where what problems call it
     * @param base file of its experiment; empty takes the quickstart
     * @param settings {@code key=value} over that, in the order in which they are applied
     */
    public record Variant(String name, String where, Optional<Path> base, List<String> settings) {
        public Variant {
            settings = List.copyOf(settings);
        }
    }
}
