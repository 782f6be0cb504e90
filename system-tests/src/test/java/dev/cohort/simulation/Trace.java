package dev.cohort.simulation;

import dev.cohort.tensor.Hasher;
import java.util.ArrayList;
import java.util.List;

/** The history of a run, as lines for people and as one number for comparisons. */
final class Trace {
    private final boolean keepsLines;
    private final List<String> lines = new ArrayList<>();
    private long fingerprint = 1;
    private long events;

    Trace(boolean keepsLines) {
        this.keepsLines = keepsLines;
    }

    /** Notes that {@code who} did {@code what}; the line's text is made only when lines are kept. */
    void note(long atMs, String who, String what, Object subject) {
        events++;
        mix(atMs);
        mix(who.hashCode());
        mix(what.hashCode());
        mix(Lines.code(subject));
        if (keepsLines) {
            lines.add(String.format("%6d  %-11s  %-8s  %s", atMs, who, what, Lines.text(subject)));
        }
    }

    private void mix(long value) {
        long mixed = (fingerprint ^ value) * 0x9E3779B97F4A7C15L;
        fingerprint = mixed ^ (mixed >>> 29);
    }

    /** Equal for equal histories, on every machine. */
    String fingerprint() {
        return new Hasher().number(fingerprint).number(events).digest().shortHex();
    }

    long events() {
        return events;
    }

    List<String> lines() {
        return List.copyOf(lines);
    }
}
