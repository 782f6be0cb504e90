package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import java.util.List;

/** Where the messages of a node go. */
@FunctionalInterface
public interface Appender {
    /** Appends in the order of the list; an addressed part is durable before what follows is sent. */
    void append(List<Message> messages);
}
