package dev.cohort.coordinator.method;

import java.util.Arrays;

/**
 * One setting of a method, as a person writes it under {@code method:} in an experiment.
 *
 * @param range what values are allowed, readable after "must be"
 * @param defaultValue used when the experiment does not say
 * @param meaning one line for people
 */
public record Parameter(String name, Range range, String defaultValue, String meaning) {
    /** What a value may be. */
    public enum Range {
        POSITIVE("a number above 0"),
        NOT_NEGATIVE("a number of at least 0"),
        WHOLE("a whole number of at least 0"),
        /** For a decay, which at 1 would never move. */
        BELOW_ONE("a number from 0 to below 1"),
        /** Between two probability distributions. */
        DISTANCE("squares or divergence"),
        SHARE("a number from 0 to 1"),
        CHECKPOINT("builtin or a checkpoint file, whose path has no comma"),
        CHECKPOINTS("builtin or checkpoint files, separated by commas"),
        FLAG("true or false");

        private final String words;

        Range(String words) {
            this.words = words;
        }

        /** {@code number}, {@code flag}, {@code word} or {@code file}. */
        public String type() {
            return switch (this) {
                case FLAG -> "flag";
                case DISTANCE -> "word";
                case CHECKPOINT, CHECKPOINTS -> "file";
                case POSITIVE, NOT_NEGATIVE, BELOW_ONE, WHOLE, SHARE -> "number";
            };
        }

        boolean allows(String value) {
            return switch (this) {
                case FLAG -> value.equals("true") || value.equals("false");
                case POSITIVE -> number(value) > 0;
                case NOT_NEGATIVE -> number(value) >= 0;
                case SHARE -> number(value) >= 0 && number(value) <= 1;
                case CHECKPOINT -> !value.isBlank() && !value.contains(",");
                case CHECKPOINTS -> Arrays.stream(value.split(",", -1)).noneMatch(String::isBlank);
                case WHOLE -> value.matches("[0-9]{1,18}");
                case BELOW_ONE -> number(value) >= 0 && number(value) < 1;
                case DISTANCE -> value.equals("squares") || value.equals("divergence");
            };
        }

        /** NaN, which no range allows, for what is not a finite number. */
        private static double number(String value) {
            try {
                double number = Double.parseDouble(value);
                return Double.isFinite(number) ? number : Double.NaN;
            } catch (NumberFormatException e) {
                return Double.NaN;
            }
        }

        @Override
        public String toString() {
            return words;
        }
    }
}
