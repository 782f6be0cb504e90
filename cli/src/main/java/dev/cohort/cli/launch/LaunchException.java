package dev.cohort.cli.launch;

import dev.cohort.runtime.ExitCode;

/** Something a person can put right stands in the way. The message names the thing, the value and what to do, in one line. */
public final class LaunchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitCode code;

    public LaunchException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    public LaunchException(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ExitCode code() {
        return code;
    }
}
