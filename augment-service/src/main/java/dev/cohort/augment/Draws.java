package dev.cohort.augment;

/**
 * Random numbers as a function of a key (seed, purpose, index, slot). Each key starts its own stream, so any batch can be planned
 * without the batches before it, and a change of the crops does not change the mixing.
 *
 * <p>A stream is SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): the state grows
 * by {@link #GOLDEN}, and {@link #mix} of the state is the number. The first state is {@code mix(mix(mix(mix(seed + GOLDEN) +
 * GOLDEN + purpose) + GOLDEN + index) + GOLDEN + slot)} in 64-bit wrap-around arithmetic.
 */
final class Draws {
    /** 2^64 divided by the golden ratio, made odd. */
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private long state;

    private Draws(long state) {
        this.state = state;
    }

    /** Purpose of a stream. The numbers are part of the plan: changing one changes every batch. */
    enum Purpose {
        /** Order of the training images; index = epoch. */
        ORDER(1),
        /** Crop and flip; index = step. */
        GEOMETRY(2),
        /** Whether to mix, the weight, the partners; index = step. */
        MIXING(3),
        /** Positions of boxes; index = step. */
        BOXES(4);

        private final long number;

        Purpose(long number) {
            this.number = number;
        }
    }

    static Draws of(long seed, Purpose purpose, long index, long slot) {
        long key = mix(seed + GOLDEN);
        key = mix(key + GOLDEN + purpose.number);
        key = mix(key + GOLDEN + index);
        return new Draws(mix(key + GOLDEN + slot));
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Uniform in 0..bound-1, without bias (Lemire: Fast Random Integer Generation in an Interval, 2019). */
    int below(int bound) {
        long product = (nextLong() >>> 32) * bound;
        long low = product & 0xffffffffL;
        if (low < bound) {
            long threshold = (1L << 32) % bound;
            while (low < threshold) {
                product = (nextLong() >>> 32) * bound;
                low = product & 0xffffffffL;
            }
        }
        return (int) (product >>> 32);
    }

    /** Uniform in the open interval (0, 1): the midpoints of 2^53 equal parts. */
    double unit() {
        return ((nextLong() >>> 11) + 0.5) * 0x1p-53;
    }

    /** 0..count-1 in random order (Fisher-Yates). */
    int[] permutation(int count) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int j = below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /** From Beta(alpha, alpha), 0..1; uniform for alpha 1. */
    double beta(double alpha) {
        if (alpha == 1) {
            return unit();
        }
        // X/(X+Y) of two Gamma(alpha) draws, in logarithms, since both underflow for a small alpha.
        double x = logGamma(alpha);
        double y = logGamma(alpha);
        return 1 / (1 + StrictMath.exp(y - x));
    }

    /**
     * Logarithm of a draw from Gamma(shape, 1). Marsaglia, Tsang: A Simple Method for Generating Gamma Variables, 2000; for a
     * shape below 1, a draw with shape + 1 times U^(1/shape).
     */
    private double logGamma(double shape) {
        double boost = shape < 1 ? StrictMath.log(unit()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
        double c = 1 / (3 * StrictMath.sqrt(d));
        while (true) {
            double normal = normal();
            double v = 1 + c * normal;
            if (v > 0) {
                v = v * v * v;
                if (StrictMath.log(unit()) < 0.5 * normal * normal + d - d * v + d * StrictMath.log(v)) {
                    return StrictMath.log(d * v) + boost;
                }
            }
        }
    }

    /** From the standard normal distribution (polar method of Marsaglia). */
    private double normal() {
        while (true) {
            double x = 2 * unit() - 1;
            double y = 2 * unit() - 1;
            double square = x * x + y * y;
            if (square > 0 && square < 1) {
                return x * StrictMath.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
    }
}
