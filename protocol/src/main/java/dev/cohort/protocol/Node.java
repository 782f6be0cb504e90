package dev.cohort.protocol;

import java.util.List;

/**
 * One role as a deterministic object: a message or a deadline in, messages out.
 *
 * <p>A node has no thread, clock, random source, socket, metric or log. Time is an argument. Equal inputs give equal outputs.
 * It is called by one thread at a time. Any message may come twice, late or never, and messages of different topics in any
 * order; messages of one partition come in the order of the log. Calling {@link #onDeadline} early is harmless.
 *
 * <p>What a node returns is appended to the log in the order of the list; the driver appends an {@link Addressed} part durably
 * before it appends what follows. A crash may lose the tail of the list, never its middle.
 */
public interface Node {
    /** Takes in one message; {@code nowMs} never runs backwards within one node. */
    List<Message> onMessage(Message message, long nowMs);

    /**
     * Everything that was in the log when this node began to read has been handed over. Called once, when nothing waits to be
     * taken in. Before that a node knows less than the log: whatever it would publish may be there already.
     */
    List<Message> onCaughtUp(long nowMs);

    /** Does what time asks for: re-sends, gives up waiting, goes on with work put aside. */
    List<Message> onDeadline(long nowMs);

    /** When {@link #onDeadline} wants to be called next, {@link Long#MAX_VALUE} if never. At or before now = at once. */
    long nextDeadlineMs();
}
