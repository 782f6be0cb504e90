package dev.cohort.runtime.kafka;

import org.jspecify.annotations.Nullable;

/** The embedded broker cannot start. The message is one line with the reason and what to do. */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BrokerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
