package dev.cohort.runtime;

/** What a person asked for cannot be done, and that person can put it right: the message names the thing, the value and what to do, in one line. */
public final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitCode code;

    public CommandException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    public CommandException(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ExitCode code() {
        return code;
    }
}
