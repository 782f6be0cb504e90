package dev.cohort.coordinator.method;

import dev.cohort.experiment.Decimal;
import dev.cohort.experiment.Problems;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * One setting of a method, written under {@code method:} in an experiment.
 *
 * @param range allowed values, readable after "must be"
 * @param defaultValue used if the experiment does not set it
 * @param meaning one line for users
 */
public record MethodParameter(String name, Range range, String defaultValue, String meaning) {
    /** {@code first} followed by {@code others}. */
    static List<MethodParameter> all(List<MethodParameter> first, MethodParameter... others) {
        return Stream.concat(first.stream(), Arrays.stream(others)).toList();
    }

    /** The allowed values of a setting. */
    public static final class Range {
        private static final double FACTOR_MAX = 1e6;
        private static final double EXPONENT_MAX = 100;
        private static final long WIDTH_MAX = 4096;

        public static final Range NOT_NEGATIVE = numbers("a number of at least 0", number -> number >= 0);
        /** Within these limits T^2 times a loss, and logits divided by T, fit a float. */
        public static final Range TEMPERATURE =
                numbers("a number from 0.001 to 1000000", number -> number >= 1e-3 && number <= FACTOR_MAX);
        /** A weight of a term. */
        public static final Range FACTOR =
                numbers("a number from 0 to 1000000", number -> number >= 0 && number <= FACTOR_MAX);
        /** The weight of the whole loss, which must not vanish. */
        public static final Range POSITIVE_FACTOR =
                numbers("a number above 0, at most 1000000", number -> number > 0 && number <= FACTOR_MAX);

        public static final Range EXPONENT =
                numbers("a number from 0 to 100", number -> number >= 0 && number <= EXPONENT_MAX);
        public static final Range SHARE = numbers("a number from 0 to 1", number -> number >= 0 && number <= 1);
        /** A share that must not vanish. */
        public static final Range PART = numbers("a number above 0, at most 1", number -> number > 0 && number <= 1);
        /** For a decay, which at 1 would never move. */
        public static final Range BELOW_ONE =
                numbers("a number from 0 to below 1", number -> number >= 0 && number < 1);

        public static final Range WHOLE =
                new Range("number", "a whole number of at least 0", value -> value.matches("[0-9]{1,18}"));
        /** Of a layer, in units; 0 where that stands for a width that is found. */
        public static final Range WIDTH = new Range(
                "number",
                "a whole number from 0 to 4096",
                value -> value.matches("[0-9]{1,4}") && Decimal.whole(value).orElse(WIDTH_MAX + 1) <= WIDTH_MAX);
        /** A number of copies that teach each other. */
        public static final Range SEVERAL =
                new Range("number", "a whole number from 2 to 16", value -> value.matches("[2-9]|1[0-6]"));

        public static final Range CHECKPOINT = new Range(
                "file",
                "train, builtin, or a checkpoint file or run directory, whose path has no comma",
                value -> !value.isBlank() && !value.contains(","));
        public static final Range CHECKPOINTS = new Range(
                "file",
                "train, builtin, or checkpoint files and run directories, separated by commas",
                value -> Arrays.stream(value.split(",", -1)).noneMatch(String::isBlank));
        public static final Range MODEL =
                new Range("word", "the name of a model", value -> !value.isBlank() && !value.contains(","));
        public static final Range MODELS = new Range(
                "word",
                "own or names of models, separated by commas",
                value -> Arrays.stream(value.split(",", -1)).noneMatch(String::isBlank));
        /** Of outputs of a network, without the prefix {@code map/}. */
        public static final Range MAPS = new Range(
                "word",
                "names of feature maps, separated by commas, none twice",
                value -> distinct(value) && Arrays.stream(value.split(",", -1)).allMatch(name -> name.matches("\\S+")));

        public static final Range MAP_PATHS = new Range(
                "word",
                "none, or paths separated by commas, none twice: nst, attention_transfer or feature_map, of all maps, or of one as"
                        + " in nst:0",
                value -> value.equals("none")
                        || (distinct(value)
                                && Arrays.stream(value.split(",", -1))
                                        .allMatch(path ->
                                                path.matches("(nst|attention_transfer|feature_map)(:[0-9]{1,2})?"))));

        public static final Range STEPS = new Range(
                "number",
                "auto or a whole number of at least 1",
                value -> value.equals("auto") || value.matches("[1-9][0-9]{0,17}"));
        /** Entries of the method {@code pairs}. */
        public static final Range PAIRS = new Range("list", PairEntry.FORM, PairEntry::note);

        public static final Range FLAG = new Range("flag", "true or false", List.of("true", "false")::contains);

        private final String type;
        private final String words;
        private final Rule rule;

        /** Notes what is wrong with a value. */
        @FunctionalInterface
        private interface Rule {
            void note(String value, Problems problems, String path);
        }

        private Range(String type, String words, Rule rule) {
            this.type = type;
            this.words = words;
            this.rule = rule;
        }

        /** Whether no word between commas comes twice. */
        private static boolean distinct(String value) {
            List<String> words = List.of(value.split(",", -1));
            return Set.copyOf(words).size() == words.size();
        }

        private Range(String type, String words, Predicate<String> rule) {
            this(type, words, (value, problems, path) -> problems.require(rule.test(value), path, value, words));
        }

        /** One of these words. */
        static Range oneOf(String... words) {
            return new Range("word", "one of " + String.join(", ", words), List.of(words)::contains);
        }

        private static Range numbers(String words, DoublePredicate rule) {
            return new Range("number", words, value -> rule.test(number(value)));
        }

        /** {@code number}, {@code flag}, {@code word}, {@code file} or {@code list}. */
        public String type() {
            return type;
        }

        boolean allows(String value) {
            Problems problems = new Problems();
            note(value, problems, "");
            return problems.none();
        }

        /** Notes what is wrong with {@code value}, if anything is. */
        void note(String value, Problems problems, String path) {
            rule.note(value, problems, path);
        }

        /** The number, or NaN, which no range allows, if it is not a finite number. */
        private static double number(String value) {
            return Decimal.number(value).orElse(Double.NaN);
        }

        @Override
        public String toString() {
            return words;
        }
    }
}
