package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Answers messages with a function, counts deadlines, and records each call with its time and thread. */
final class ScriptedNode implements Node {
    private final Function<Message, List<Message>> answer;
    private final List<String> calls = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private long nextDeadlineMs = Long.MAX_VALUE;
    private long deadlineEveryMs = Long.MAX_VALUE;
    private long deadlinesLeft;

    ScriptedNode(Function<Message, List<Message>> answer) {
        this.answer = answer;
    }

    /** Requests {@code count} deadlines, the first at {@code firstMs}, each further one {@code everyMs} after the last call. */
    ScriptedNode withDeadlines(long firstMs, long everyMs, long count) {
        nextDeadlineMs = firstMs;
        deadlineEveryMs = everyMs;
        deadlinesLeft = count;
        return this;
    }

    @Override
    public synchronized List<Message> onMessage(Message message, long nowMs) {
        called("m", nowMs);
        return answer.apply(message);
    }

    @Override
    public synchronized List<Message> onCaughtUp(long nowMs) {
        called("c", nowMs);
        return List.of();
    }

    @Override
    public synchronized List<Message> onDeadline(long nowMs) {
        if (nowMs < nextDeadlineMs) {
            return List.of();
        }
        called("d", nowMs);
        deadlinesLeft--;
        nextDeadlineMs = deadlinesLeft > 0 ? nowMs + deadlineEveryMs : Long.MAX_VALUE;
        return List.of();
    }

    @Override
    public synchronized long nextDeadlineMs() {
        return nextDeadlineMs;
    }

    private void called(String what, long nowMs) {
        calls.add(what + nowMs);
        threads.add(Thread.currentThread());
    }

    /** {@code m} or {@code d} and the time, one per call. */
    synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    synchronized long count(String kind) {
        return calls.stream().filter(c -> c.startsWith(kind)).count();
    }

    synchronized List<Thread> threads() {
        return List.copyOf(threads);
    }
}
