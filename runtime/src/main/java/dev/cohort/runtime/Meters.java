package dev.cohort.runtime;

/** Names of all meters the shell registers. */
public enum Meters {
    /** Counter by {@code type}: messages a node took in. */
    MESSAGES_IN("cohort.messages.in"),
    /** Counter by {@code type}: messages a node said. */
    MESSAGES_OUT("cohort.messages.out"),
    /** Timer by {@code call}: time a node needed for one call. */
    NODE_CALL("cohort.node.call"),
    /** Counter by {@code topic} and {@code reason}: records left out. */
    REJECTED("cohort.records.rejected"),
    /** Gauge: messages waiting for the step thread. */
    INBOX("cohort.inbox.messages"),
    /** Gauge: 1 while the broker can be reached. */
    BROKER_REACHABLE("cohort.broker.reachable"),
    /** Gauge: how often the event loop was found blocked. */
    EVENT_LOOP_BLOCKS("cohort.eventloop.blocks");

    private final String meterName;

    Meters(String meterName) {
        this.meterName = meterName;
    }

    public String meterName() {
        return meterName;
    }
}
