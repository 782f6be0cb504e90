package dev.cohort.study.conform;

import java.util.Optional;

/**
 * The verdict on one rule.
 *
 * @param rule its name
 * @param promise what a peer must do, in one sentence
 * @param kept how many records keep it
 * @param broken how many break it
 * @param first the first that breaks it
 */
public record RuleVerdict(String rule, String promise, long kept, long broken, Optional<Breach> first) {
    /**
     * @param record place in the log
     * @param found what was there
     * @param must what must be there
     */
    public record Breach(String record, String found, String must) {}

    /** The outcome of a rule, in words. */
    public enum Word {
        PASSED("passed"),
        FAILED("failed"),
        /** The log shows nothing that the rule is about. */
        NOT_SEEN("not seen");

        private final String text;

        Word(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    public Word word() {
        if (broken > 0) {
            return Word.FAILED;
        }
        return kept > 0 ? Word.PASSED : Word.NOT_SEEN;
    }
}
