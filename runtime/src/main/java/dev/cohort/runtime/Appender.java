package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import java.util.List;

/** Appends the messages of a node to the log. */
@FunctionalInterface
public interface Appender {
    /** Appends in the order of the list; an addressed part is durable before the messages after it are sent. */
    void append(List<Message> messages);
}
