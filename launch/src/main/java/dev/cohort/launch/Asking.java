package dev.cohort.launch;

import dev.cohort.protocol.Command;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.List;

/** Appends a command to the log of a run. */
public final class Asking {
    /** The reason that the log records for the command. */
    public static final String REASON = "asked on the command line";

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private Asking() {}

    /** Appends a command and returns once the broker has stored it. */
    public static void append(RunPlace place, Command command) {
        try (RunLog log = place.connect()) {
            log.append(List.of(command));
            if (!log.flush(LIMIT)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "run " + place.id() + ": broker " + place.address() + " did not accept the command within "
                                + LIMIT.toSeconds() + " s");
            }
        }
    }

    /**
     * Appends a command and prints a confirmation.
     *
     * @param done predicate of the printed sentence, whose subject is the run
     */
    public static int ask(RunPlace place, Command command, String done) {
        append(place, command);
        System.out.println("Run " + place.id() + " " + done + ".");
        return ExitCode.OK.code();
    }
}
