package dev.cohort.launch.compare;

/** One run of a comparison. */
public record Planned(String variant, long seed) {
    /** Name of its folder, its file and its run. */
    public String id() {
        return variant + "-seed" + seed;
    }

    /** For people. */
    public String words() {
        return variant + ", seed " + seed;
    }
}
