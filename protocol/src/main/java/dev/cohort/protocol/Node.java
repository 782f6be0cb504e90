package dev.cohort.protocol;

import java.util.List;

/**
 * One role as a deterministic object: a message or a deadline in, messages out.
 *
 * <p>A node has no thread, clock, random source, socket, metric or log. Time is an argument. Equal inputs give equal outputs.
 * One thread at a time calls a node. Any message may arrive twice, late or never, and messages of different topics in any order;
 * messages of one partition arrive in the order of the log. Calling {@link #onDeadline} early is harmless.
 *
 * <p>The returned messages are appended to the log in the order of the list; the driver appends an {@link Addressed} part durably
 * before it appends the messages after it. A crash may lose the tail of the list, never its middle.
 */
public interface Node {
    /** Takes one message; {@code nowMs} never decreases within one node. */
    List<Message> onMessage(Message message, long nowMs);

    /**
     * Everything that was in the log when this node began to read has been delivered. Called once, with no message pending.
     * Before this call a node knows less than the log: anything it would publish may already be in the log.
     */
    List<Message> onCaughtUp(long nowMs);

    /** Does what is due: sends again, stops waiting, continues work that was set aside. */
    List<Message> onDeadline(long nowMs);

    /** When {@link #onDeadline} is to be called next, {@link Long#MAX_VALUE} for never. At or before now = at once. */
    long nextDeadlineMs();
}
