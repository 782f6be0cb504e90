package dev.cohort.launch;

import dev.cohort.protocol.Command;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.List;

/** Says a command in the log of a run. */
public final class Asking {
    /** Why, for whoever reads the log. */
    public static final String REASON = "asked on the command line";

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private Asking() {}

    /** Says it and returns once it stands in the log. */
    public static void append(RunPlace place, Command command) {
        try (RunLog log = place.connect()) {
            log.append(List.of(command));
            if (!log.flush(LIMIT)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "run " + place.id() + ": broker " + place.address() + " did not take the command in "
                                + LIMIT.toSeconds() + " s");
            }
        }
    }

    /** @param done what is said of the run once the command stands in its log */
    public static int ask(RunPlace place, Command command, String done) {
        append(place, command);
        System.out.println("Run " + place.id() + " " + done + ".");
        return ExitCode.OK.code();
    }
}
