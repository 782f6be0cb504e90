package dev.cohort.launch;

import dev.cohort.study.view.Words;

/** How this program was called, so that a line that is printed can be copied: {@code ./cohort} here, {@code cohort} there. */
public final class CommandName {
    private static final String PLAIN = "cohort";

    private CommandName() {}

    /**
     * A whole command line.
     *
     * @param words what follows the name, fit for a shell
     */
    public static String line(String words) {
        // The start script sets the property; it is absent when Java is started by hand.
        return Words.shell(System.getProperty("cohort.command", PLAIN)) + " " + words;
    }
}
