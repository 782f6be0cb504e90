package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Formats numbers and words for people, the same way in every locale. */
public final class Words {
    public static final String NONE = "-";

    private static final String COLUMNS = "  ";

    private Words() {}

    /** {@code 0.8123} as {@code 81.2 %}. */
    public static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    public static String percent(OptionalDouble share) {
        return share.isPresent() ? percent(share.getAsDouble()) : NONE;
    }

    /** {@code 0.016} as {@code +1.6 points}. */
    public static String points(double difference) {
        return String.format(Locale.ROOT, "%+.1f points", 100 * difference);
    }

    public static String decimals(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }

    /** Two decimals, four if below 0.1. */
    public static String number(double value) {
        return decimals(value, Math.abs(value) < 0.1 ? 4 : 2);
    }

    /** {@code SET_ASIDE} as {@code set aside}. */
    public static String lower(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** {@code 3725000} as {@code 1 h 2 min}, {@code 65000} as {@code 1 min 5 s}. */
    public static String duration(long ms) {
        long seconds = Math.round(ms / 1000.0);
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return seconds / 60 + " min " + seconds % 60 + " s";
        }
        return seconds / 3600 + " h " + seconds / 60 % 60 + " min";
    }

    /** Quotes a word for a POSIX shell if needed. */
    public static String shell(Object word) {
        String plain = String.valueOf(word);
        return plain.matches("[A-Za-z0-9_./:=,+@%-]+") ? plain : "'" + plain.replace("'", "'\\''") + "'";
    }

    /**
     * A text in lines of at most {@code width} characters, unless a word is longer; all lines but the first are indented. If the
     * text has parts separated by two spaces, lines are broken only between parts.
     */
    public static List<String> wrapped(String text, int width) {
        String between = text.contains(COLUMNS) ? COLUMNS : " ";
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(between, -1)) {
            if (!line.isEmpty() && line.length() + between.length() + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
                line.append(COLUMNS).append(word);
            } else {
                line.append(line.isEmpty() ? "" : between).append(word);
            }
        }
        lines.add(line.toString());
        return lines;
    }

    /** {@code word} or its plural. */
    public static String count(long number, String word) {
        return number + " " + word + (number == 1 ? "" : "s");
    }
}
