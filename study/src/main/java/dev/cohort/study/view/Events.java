package dev.cohort.study.view;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The newest {@value #KEPT_MAX} membership events of a run. One thread at a time. */
final class Events {
    static final int KEPT_MAX = 500;

    private final Deque<RunView.Event> newest = new ArrayDeque<>();
    private long forgotten;

    /** Adds the newest event and drops the oldest if there are too many. */
    void add(RunView.Event event) {
        newest.addLast(event);
        if (newest.size() > KEPT_MAX) {
            newest.removeFirst();
            forgotten++;
        }
    }

    /** The kept events, the oldest first. */
    List<RunView.Event> kept() {
        return List.copyOf(newest);
    }

    /** Number of events that were dropped. */
    long forgotten() {
        return forgotten;
    }
}
