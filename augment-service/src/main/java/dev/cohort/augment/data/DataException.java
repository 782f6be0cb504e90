package dev.cohort.augment.data;

import java.io.IOException;

/**
 * Data cannot be used. The message is one line for the user: the path, what was found, what is expected and what to do about it.
 */
public final class DataException extends Exception {
    private static final long serialVersionUID = 1L;

    DataException(String message) {
        super(message);
    }

    DataException(String message, IOException cause) {
        super(message, cause);
    }
}
