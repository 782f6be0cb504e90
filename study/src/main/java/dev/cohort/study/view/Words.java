package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Numbers as people read them; the same in every locale. */
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

    /** As one word on a command line of a POSIX shell. */
    public static String shell(Object word) {
        String said = String.valueOf(word);
        return said.matches("[A-Za-z0-9_./:=,+@%-]+") ? said : "'" + said.replace("'", "'\\''") + "'";
    }

    /**
     * A text in lines of at most so many characters, unless a word is longer, each but the first indented. Parts that two spaces
     * divide stay whole.
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
