package dev.cohort.protocol;

/**
 * A {@link Node} cannot continue for a reason outside the program, such as a process that it depends on and that has ended. The
 * message is a line for users; the process of the node ends with it, without a stack trace.
 */
public final class NodeFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NodeFailure(String message) {
        super(message);
    }

    public NodeFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
