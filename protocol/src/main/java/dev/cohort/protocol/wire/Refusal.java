package dev.cohort.protocol.wire;

/** Thrown to stop decoding a record; {@link MessageCodec} turns it into a {@link Decoding.Rejected}. */
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

    /** Without a stack trace, since a hostile sender must not be able to cost the reader time. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
