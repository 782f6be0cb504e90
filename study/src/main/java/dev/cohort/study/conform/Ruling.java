package dev.cohort.study.conform;

/** What a rule says about one record, or about the end of the log. */
sealed interface Ruling {
    Ruling KEPT = new Kept();
    Ruling NOT_CONCERNED = new NotConcerned();

    /** The record is none that the rule is about, or the log does not show enough. */
    record NotConcerned() implements Ruling {}

    record Kept() implements Ruling {}

    /**
     * @param found what was there
     * @param must what must be there
     */
    record Broken(String found, String must) implements Ruling {}

    static Ruling of(boolean kept, String found, String must) {
        return kept ? KEPT : new Broken(found, must);
    }
}
