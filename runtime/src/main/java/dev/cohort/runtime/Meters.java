package dev.cohort.runtime;

/** Names of the meters of a process. */
public enum Meters {
    /** Counter by {@code type}: messages received by a node. */
    MESSAGES_IN("cohort.messages.in"),
    /** Counter by {@code type}: messages returned by a node. */
    MESSAGES_OUT("cohort.messages.out"),
    /** Timer by {@code call}: duration of a call of a node. */
    NODE_CALL("cohort.node.call"),
    /** Counter by {@code topic} and {@code reason}: records rejected. */
    REJECTED("cohort.records.rejected"),
    /** Gauge: messages waiting for the step thread. */
    INBOX("cohort.inbox.messages"),
    /** Gauge: 1 while the broker can be reached. */
    BROKER_REACHABLE("cohort.broker.reachable"),
    /** Gauge: number of times the event loop was found blocked. */
    EVENT_LOOP_BLOCKS("cohort.eventloop.blocks");

    private final String meterName;

    Meters(String meterName) {
        this.meterName = meterName;
    }

    public String meterName() {
        return meterName;
    }
}
