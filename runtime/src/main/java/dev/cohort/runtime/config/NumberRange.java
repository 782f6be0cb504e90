package dev.cohort.runtime.config;

/** Range of a number, in words that follow "must be". */
enum NumberRange {
    POSITIVE("a number above 0"),
    NOT_NEGATIVE("a number of at least 0"),
    SHARE("a number from 0 to 1"),
    BELOW_ONE("a number from 0 to below 1");

    private final String words;

    NumberRange(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }

    /** Whether {@code value} is finite and in the range. */
    boolean allows(double value) {
        return Double.isFinite(value)
                && switch (this) {
                    case POSITIVE -> value > 0;
                    case NOT_NEGATIVE -> value >= 0;
                    case SHARE -> value >= 0 && value <= 1;
                    case BELOW_ONE -> value >= 0 && value < 1;
                };
    }
}
