package dev.cohort.protocol.wire;

/** Ends the reading of a record early; {@link MessageCodec} turns it into a {@link Decoding.Rejected}. */
final class Refusal extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final Reason reason;

    Refusal(Reason reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }

    /** Without a stack trace: a sender of rubbish must not cost the reader more than the rubbish. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
