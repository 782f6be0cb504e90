package dev.cohort.study.view;

/**
 * Makes foreign text safe for a terminal and a log: characters that move the cursor, change colours, hide or reorder text are
 * escaped as {@code \\uXXXX}, which has the same meaning in JSON.
 */
public final class Printable {
    private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private Printable() {}

    /** As one line: line ends are escaped, too. */
    public static String line(String text) {
        return escaped(text, false);
    }

    /** As lines: line ends are kept. */
    public static String lines(String text) {
        return escaped(text, true);
    }

    private static String escaped(String text, boolean lineEnds) {
        if (text.codePoints().allMatch(c -> harmless(c) || (lineEnds && c == '\n'))) {
            return text;
        }
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            if (harmless(c) || (lineEnds && c == '\n')) {
                escaped.appendCodePoint(c);
            } else {
                for (char half : Character.toChars(c)) {
                    escaped.append("\\u").append(hex(half));
                }
            }
        });
        return escaped.toString();
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
            // Some scripts need the joiners; the other format characters reorder or hide text.
            case Character.FORMAT -> codePoint == ZERO_WIDTH_NON_JOINER || codePoint == ZERO_WIDTH_JOINER;
            default -> true;
        };
    }
}
