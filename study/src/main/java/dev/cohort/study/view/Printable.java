package dev.cohort.study.view;

/**
 * Text of others made fit for a terminal and for a log: what moves the cursor, changes colours, hides or reorders text is written out
 * as {@code \\uXXXX}, which in JSON means the same as before.
 */
public final class Printable {
    private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private Printable() {}

    /** As one line: line ends are written out, too. */
    public static String line(String text) {
        return written(text, false);
    }

    /** As lines. */
    public static String lines(String text) {
        return written(text, true);
    }

    private static String written(String text, boolean lineEnds) {
        if (text.codePoints().allMatch(c -> harmless(c) || (lineEnds && c == '\n'))) {
            return text;
        }
        StringBuilder written = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            if (harmless(c) || (lineEnds && c == '\n')) {
                written.appendCodePoint(c);
            } else {
                for (char half : Character.toChars(c)) {
                    written.append("\\u").append(hex(half));
                }
            }
        });
        return written.toString();
    }

    private static String hex(char half) {
        String digits = Integer.toHexString(half);
        return "0".repeat(4 - digits.length()) + digits;
    }

    private static boolean harmless(int codePoint) {
        if ((codePoint >= ' ' && codePoint <= '~') || codePoint == '\t') {
            return true;
        }
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            // Words of some scripts need the joiners; the others reorder or hide text.
            case Character.FORMAT -> codePoint == ZERO_WIDTH_NON_JOINER || codePoint == ZERO_WIDTH_JOINER;
            default -> true;
        };
    }
}
