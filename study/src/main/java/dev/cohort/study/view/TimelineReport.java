package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.PeerId;
import dev.cohort.study.Timeline;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The peers that joined and left a run, and how long steps took before, during and after each change.
 *
 * @param run its id
 */
public record TimelineReport(String run, Timeline timeline, List<Timeline.Change> changes) implements Printout {
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        Timeline.Spread all = Timeline.Spread.of(timeline.outcomes());
        lines.add(Words.count(timeline.lastStep(), "step") + "; an outcome every "
                + Words.decimals(all.medianMs(), 0) + " ms (median), p95 " + all.p95Ms() + " ms, longest "
                + all.longestMs() + " ms.");
        if (changes.isEmpty() && timeline.afterTheLast().isEmpty()) {
            lines.add("No peer joined or left.");
        }
        for (Timeline.Change change : changes) {
            lines.add("");
            change.events().forEach(e -> lines.add("step " + e.step() + ": " + e.who() + " " + TimelinePage.words(e)));
            lines.add("  longest time between two outcomes, steps " + change.fromStep() + " to " + change.toStep()
                    + ": " + change.outcomeLongestMs() + " ms");
            if (change.survivors().isEmpty()) {
                lines.add("  no peer trained through it");
                continue;
            }
            lines.add("  step times of "
                    + change.survivors().stream().map(PeerId::value).collect(Collectors.joining(", ")) + ":");
            lines.add(spread("before", change.before()));
            lines.add(spread("during", change.during()));
            lines.add(spread("after", change.after()));
        }
        if (!timeline.afterTheLast().isEmpty()) {
            lines.add("");
            lines.add("After the last outcome:");
            timeline.afterTheLast().forEach(e -> lines.add("  " + e.who() + " " + TimelinePage.words(e)));
        }
        return lines;
    }

    private static String spread(String name, Timeline.Spread spread) {
        return spread.count() == 0
                ? "    " + name + ": none"
                : "    " + name + ": median " + Words.decimals(spread.medianMs(), 0) + " ms, p95 " + spread.p95Ms()
                        + " ms, longest " + spread.longestMs() + " ms (" + spread.count() + ")";
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", run).put("steps", timeline.lastStep());
        json.set("outcome_intervals", spread(Timeline.Spread.of(timeline.outcomes())));
        ArrayNode all = json.putArray("changes");
        for (Timeline.Change change : changes) {
            ObjectNode one = all.addObject();
            ArrayNode events = one.putArray("events");
            change.events().forEach(e -> put(events.addObject(), e));
            one.put("from_step", change.fromStep()).put("to_step", change.toStep());
            one.put("outcome_longest_ms", change.outcomeLongestMs());
            ArrayNode survivors = one.putArray("survivors");
            change.survivors().forEach(p -> survivors.add(p.value()));
            one.set("before", spread(change.before()));
            one.set("during", spread(change.during()));
            one.set("after", spread(change.after()));
        }
        ArrayNode last = json.putArray("after_the_last_outcome");
        timeline.afterTheLast().forEach(e -> put(last.addObject(), e));
        return json;
    }

    private static void put(ObjectNode json, Timeline.Event e) {
        json.put("step", e.step())
                .put("at_ms", e.atMs())
                .put("who", e.who())
                .put("kind", e.kind().name())
                .put("detail", e.detail());
    }

    private static ObjectNode spread(Timeline.Spread spread) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("count", spread.count())
                .put("median_ms", spread.medianMs())
                .put("p95_ms", spread.p95Ms())
                .put("longest_ms", spread.longestMs());
    }
}
