package dev.cohort.runtime.kafka;

import org.jspecify.annotations.Nullable;

/** The log cannot be used. The message names the problem and what to do. */
public final class RunLogException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public RunLogException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
