package dev.cohort.protocol;

import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collection;
import java.util.List;

/**
 * Checks for the constructors of messages: a message that readers would refuse can be built neither by a sender nor from a
 * record. Each method throws {@link Unsayable} with the name of the field, the value and the limit.
 */
final class Sayable {
    private static final Limits LIMITS = Limits.DEFAULT;
    private static final int MAP_RANK = 3;
    private static final String CUT_SHORT = " ...";

    private Sayable() {}

    static void atLeast(long least, long value, String field) {
        if (value < least) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, field + " " + value + ": must be at least " + least);
        }
    }

    static void atMost(long most, long value, String field) {
        if (value > most) {
            throw new Unsayable(Unsayable.Kind.OVERSIZED, field + " " + value + ": must be at most " + most);
        }
    }

    /** {@code least} to {@code most}, inclusive. */
    static void between(long least, long most, long value, String field) {
        atLeast(least, value, field);
        atMost(most, value, field);
    }

    static void slot(int slot, String field) {
        between(0, LIMITS.slotsMax() - 1, slot, field);
    }

    static void finite(double value, String field) {
        if (!Double.isFinite(value)) {
            throw new Unsayable(Unsayable.Kind.NOT_FINITE, field + " " + value + ": must be finite");
        }
    }

    static void notNegative(double value, String field) {
        finite(value, field);
        if (value < 0) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, field + " " + value + ": must not be negative");
        }
    }

    static void positive(double value, String field) {
        finite(value, field);
        if (value <= 0) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, field + " " + value + ": must be above 0");
        }
    }

    /** A share, 0..1. */
    static void share(double value, String field) {
        notNegative(value, field);
        if (value > 1) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, field + " " + value + ": must be 0 to 1");
        }
    }

    static void count(int most, Collection<?> elements, String field) {
        atMost(most, elements.size(), "number of " + field);
    }

    /** Each from 0 to below {@code max}. */
    static void indices(Ints values, long max, String field) {
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) < 0 || values.get(i) >= max) {
                throw new Unsayable(
                        Unsayable.Kind.BAD_VALUE, field + " " + values.get(i) + ": must be 0 to " + (max - 1));
            }
        }
    }

    /** An id or a name; may hold unprintable characters, which are to be replaced before it is shown. */
    static void name(String value, String field) {
        text(value, LIMITS.nameCharsMax(), field);
    }

    static void text(String value, int charsMax, String field) {
        atMost(charsMax, value.length(), field + " characters");
        if (!wellFormed(value)) {
            throw new Unsayable(Unsayable.Kind.BAD_VALUE, field + ": must not hold half of a surrogate pair");
        }
    }

    private static boolean wellFormed(String value) {
        return value.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    /**
     * An explanation for people, truncated if it is too long: a long explanation must not prevent its message.
     */
    static String forPeople(String text) {
        boolean fits = text.length() <= LIMITS.nameCharsMax();
        if (fits && wellFormed(text)) {
            return text;
        }
        StringBuilder line = new StringBuilder();
        int charsMax = fits ? LIMITS.nameCharsMax() : LIMITS.nameCharsMax() - CUT_SHORT.length();
        int next = 0;
        while (next < text.length() && line.length() + Character.charCount(text.codePointAt(next)) <= charsMax) {
            int c = text.codePointAt(next);
            next += Character.charCount(c);
            boolean half = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
            line.appendCodePoint(half ? '?' : c);
        }
        return fits ? line.toString() : line + CUT_SHORT;
    }

    /** Finite, and of at most {@link Limits#rankMax} dimensions. */
    static void tensor(Tensor tensor, String field) {
        if (tensor.shape().size() > LIMITS.rankMax()) {
            throw new Unsayable(
                    Unsayable.Kind.BAD_TENSOR,
                    "tensor " + field + " of " + tensor.shape().size() + " dimensions: must be at most "
                            + LIMITS.rankMax());
        }
        if (!tensor.isFinite()) {
            throw new Unsayable(Unsayable.Kind.NOT_FINITE, "tensor " + field + ": must hold neither NaN nor infinity");
        }
    }

    /** [rows, columns]. */
    static void matrix(Tensor tensor, String field) {
        tensor(tensor, field);
        if (tensor.shape().size() != 2) {
            throw new Unsayable(
                    Unsayable.Kind.BAD_TENSOR, "tensor " + field + " " + tensor + ": must have two dimensions");
        }
    }

    /** The shape [channels, height, width] of one row of a feature map. */
    static void mapShape(Ints shape, String field) {
        if (shape.size() != MAP_RANK) {
            throw new Unsayable(
                    Unsayable.Kind.BAD_TENSOR,
                    "shape " + shape + " of " + field + ": must be [channels, height, width]");
        }
        long numbers = 1;
        for (int i = 0; i < shape.size(); i++) {
            atLeast(1, shape.get(i), "length of " + field);
            numbers *= Math.min(shape.get(i), LIMITS.mapBytesMax());
            atMost(LIMITS.mapBytesMax() / 2, numbers, "numbers in a row of " + field);
        }
    }

    static void tensors(NamedTensors tensors) {
        atMost(LIMITS.tensorsMax(), tensors.asMap().size(), "number of tensors");
        tensors.asMap().forEach((name, tensor) -> {
            name(name, "tensor name");
            tensor(tensor, name);
        });
    }

    static void terms(List<Term> terms) {
        count(LIMITS.termsMax(), terms, "terms");
    }
}
