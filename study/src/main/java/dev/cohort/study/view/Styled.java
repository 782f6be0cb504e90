package dev.cohort.study.view;

/** A line and its style on a terminal. */
public record Styled(Style style, String text) {
    /** Style of a line. */
    public enum Style {
        PLAIN(""),
        BOLD("\u001b[1m"),
        DIM("\u001b[2m");

        private final String begin;

        Style(String begin) {
            this.begin = begin;
        }
    }

    private static final String END = "\u001b[0m";

    static Styled plain(String text) {
        return new Styled(Style.PLAIN, text);
    }

    /** For a terminal; escape sequences in the text itself have no effect. */
    String ansi() {
        String line = Printable.line(text);
        return style == Style.PLAIN ? line : style.begin + line + END;
    }
}
