package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.RecordedSteps;
import dev.cohort.study.StudiedSteps;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reports which steps of a run can be studied, and what cannot be read and why.
 *
 * @param unreadable ranges that were found while reading
 * @param more whether there are more unreadable ranges
 */
public record Studiable(StudiedSteps steps, List<RecordedLog.Unreadable> unreadable, boolean more) {
    private static final int SHOWN = 20;

    /** After the whole run was read, which gave {@code steps}. */
    public static Studiable of(OpenRun opened, StudiedSteps steps) {
        return new Studiable(
                steps,
                List.copyOf(opened.log().unreadable().values()),
                opened.log().moreUnreadable());
    }

    /** After some topics of the run were read: empty if all of it was readable, otherwise reads the steps. */
    public static Optional<Studiable> afterReading(OpenRun opened) {
        if (opened.log().unreadable().isEmpty()) {
            return Optional.empty();
        }
        try (RecordedSteps recorded = new RecordedSteps(opened.log(), damaged -> {})) {
            while (recorded.next().isPresent()) {
                // Reads on: only the positions of the steps are needed.
            }
            return Optional.of(of(opened, recorded.studied()));
        }
    }

    boolean all() {
        return steps.all() && unreadable.isEmpty();
    }

    /** Text, by lines; empty if all steps can be studied. */
    public List<String> lines() {
        if (all()) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add("Can be studied: " + steps.sentence() + ".");
        unreadable.stream()
                .limit(SHOWN)
                .forEach(range -> lines.add("Cannot be read: " + range.place() + ": " + range.why() + "."));
        if (unreadable.size() > SHOWN) {
            lines.add("... and " + (more ? "more than " : "")
                    + Words.count(unreadable.size() - SHOWN, "further range")
                    + " (verify --format json has " + (more ? "the first " + unreadable.size() : "them") + ").");
        }
        return lines;
    }

    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("all", all());
        ArrayNode spans = json.putArray("steps");
        steps.whole().forEach(span -> spans.addArray().add(span.from()).add(span.to()));
        steps.last().ifPresentOrElse(last -> json.put("last_step", last), () -> json.putNull("last_step"));
        ArrayNode ranges = json.putArray("unreadable");
        for (RecordedLog.Unreadable range : unreadable) {
            ObjectNode one = ranges.addObject()
                    .put("topic", range.topic().suffix())
                    .put("partition", range.partition())
                    .put("offset", range.offset());
            range.toOffset().ifPresentOrElse(to -> one.put("to_offset", to), () -> one.putNull("to_offset"));
            one.put("why", range.why());
        }
        json.put("more_unreadable", more);
        return json;
    }
}
