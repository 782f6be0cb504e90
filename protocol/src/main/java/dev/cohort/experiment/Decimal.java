package dev.cohort.experiment;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * Numbers as a person writes them in an experiment: the digits 0 to 9 with a sign, a point and an exponent, and nothing else of
 * what Java would read as a number too, such as {@code 3f}, {@code 0x1p3}, {@code NaN} or the digits of other scripts.
 */
public final class Decimal {
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]{1,19}");
    private static final Pattern NUMBER = Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,4})?");

    private Decimal() {}

    /** Empty for what is no number, or none that a double can hold. */
    public static OptionalDouble number(String text) {
        if (!NUMBER.matcher(text).matches()) {
            return OptionalDouble.empty();
        }
        double number = Double.parseDouble(text);
        return Double.isFinite(number) ? OptionalDouble.of(number) : OptionalDouble.empty();
    }

    /** Empty for what is no whole number, or none that a long can hold. */
    public static OptionalLong whole(String text) {
        if (!WHOLE.matcher(text).matches()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
