package dev.cohort.study.view;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** What happened to the membership of a run, as far back as there is room. One thread at a time. */
final class Events {
    static final int KEPT_MAX = 500;

    private final Deque<RunView.Event> newest = new ArrayDeque<>();
    private long forgotten;

    /** Adds the newest; the oldest makes room for it. */
    void add(RunView.Event event) {
        newest.addLast(event);
        if (newest.size() > KEPT_MAX) {
            newest.removeFirst();
            forgotten++;
        }
    }

    /** The oldest first. */
    List<RunView.Event> kept() {
        return List.copyOf(newest);
    }

    /** How many came before those that are kept. */
    long forgotten() {
        return forgotten;
    }
}
