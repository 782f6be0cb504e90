package dev.cohort.study;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Which steps of a run can be studied: those whose outcome is in the log together with the batch and every prediction and part
 * that the outcome names.
 *
 * @param whole ranges of such steps, in their order
 * @param last the last step of the run, if the log records its end
 * @param seen the last step with an outcome; 0 if none has one
 */
public record StudiedSteps(List<Span> whole, OptionalLong last, long seen) {
    private static final int SPANS_SHOWN = 12;

    public StudiedSteps {
        whole = List.copyOf(whole);
    }

    /** Steps from one to another, both included. */
    public record Span(long from, long to) {
        @Override
        public String toString() {
            return from == to ? Long.toString(from) : from + ".." + to;
        }
    }

    /** How many steps can be studied. */
    public long count() {
        return whole.stream().mapToLong(span -> span.to() - span.from() + 1).sum();
    }

    /** Whether all steps can be studied, up to the end of the run or, while it goes on, up to the newest outcome. */
    public boolean all() {
        return count() == last.orElse(seen);
    }

    /** Such as {@code steps 1..412 and 430..900 of 1000}. */
    public String sentence() {
        String of = last.isPresent() ? " of " + last.getAsLong() : "; the log has no end of the run";
        if (whole.isEmpty()) {
            return "no step" + of;
        }
        String spans = whole.stream().limit(SPANS_SHOWN).map(Span::toString).collect(Collectors.joining(", "));
        int comma = spans.lastIndexOf(", ");
        boolean one = whole.size() == 1 && whole.get(0).from() == whole.get(0).to();
        return (one ? "step " : "steps ")
                + (whole.size() <= SPANS_SHOWN && comma > 0
                        ? spans.substring(0, comma) + " and " + spans.substring(comma + 2)
                        : spans)
                + (whole.size() > SPANS_SHOWN
                        ? " and " + (whole.size() - SPANS_SHOWN) + " more ranges up to "
                                + whole.get(whole.size() - 1).to()
                        : "")
                + of;
    }

    /** Collects steps, which must be added in their order. */
    static final class Sum {
        private final List<Span> whole = new ArrayList<>();
        private long seen;

        void add(RecordedSteps.Step step) {
            seen = step.step();
            if (!step.whole()) {
                return;
            }
            int last = whole.size() - 1;
            if (last >= 0 && whole.get(last).to() >= seen - 1) {
                whole.set(last, new Span(whole.get(last).from(), seen));
            } else {
                whole.add(new Span(seen, seen));
            }
        }

        StudiedSteps done(OptionalLong lastStep) {
            return new StudiedSteps(whole, lastStep, seen);
        }
    }
}
