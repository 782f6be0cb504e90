package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.PeerId;
import dev.cohort.study.Timeline;
import java.util.List;
import java.util.stream.Collectors;

/** The step times of a run as a chart, with the peers that joined and left. */
public final class TimelinePage {
    private static final String TEMPLATE = "timeline.html";
    private static final int POINTS_MAX = 1_500;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private TimelinePage() {}

    /** One self-contained page. */
    public static String html(String runId, Timeline timeline, List<Timeline.Change> changes) {
        ObjectNode data = JSON.objectNode();
        data.put("run", runId);
        data.put("steps", timeline.lastStep());
        ArrayNode series = data.putArray("series");
        series.add(series("from outcome to outcome", "outcomes", timeline.outcomes()));
        for (PeerId peer : timeline.peers()) {
            series.add(series(peer.value(), "peer", timeline.steps(peer)));
        }
        ArrayNode rows = data.putArray("changes");
        for (Timeline.Change change : changes) {
            ObjectNode row = rows.addObject();
            row.put("step", change.events().get(0).step());
            row.put(
                    "what",
                    change.events().stream()
                            .map(e -> e.who() + " " + words(e) + " (step " + e.step() + ")")
                            .collect(Collectors.joining("; ")));
            row.put("mark", mark(change.events()));
            row.put(
                    "survivors",
                    change.survivors().isEmpty()
                            ? "nobody"
                            : change.survivors().stream().map(PeerId::value).collect(Collectors.joining(", ")));
            row.put("before", spread(change.before()));
            row.put("during", spread(change.during()));
            row.put("after", spread(change.after()));
            row.put("longest", change.outcomeLongestMs() + " ms");
        }
        return Page.html(TEMPLATE, data);
    }

    /** The event as text that follows the name of the peer or coordinator. */
    public static String words(Timeline.Event event) {
        return switch (event.kind()) {
            case STARTS -> "starts (" + event.detail() + ")";
            case CONTRIBUTES, MISSING, COORDINATOR -> event.detail();
            case ASKED -> "is asked to leave (" + event.detail() + ")";
            case LEFT -> "leaves (" + event.detail() + ")";
        };
    }

    /** Label of the change in the chart. */
    private static String mark(List<Timeline.Event> events) {
        Timeline.Event first = events.get(0);
        boolean several = events.stream()
                        .filter(e -> e.kind() == Timeline.Kind.STARTS)
                        .map(Timeline.Event::who)
                        .distinct()
                        .count()
                > 1;
        return several
                ? "all start again"
                : switch (first.kind()) {
                    case STARTS -> first.who() + " starts";
                    case CONTRIBUTES -> first.who() + " contributes";
                    case MISSING -> first.who() + " is gone";
                    case ASKED -> first.who() + " is drained";
                    case LEFT -> first.who() + " leaves";
                    case COORDINATOR -> first.who() + " leads";
                };
    }

    private static String spread(Timeline.Spread spread) {
        return spread.count() == 0
                ? Words.NONE
                : Words.decimals(spread.medianMs(), 0) + " / " + spread.p95Ms() + " / " + spread.longestMs() + " ms";
    }

    /** If there are many steps, the longest of several neighbours is drawn, so outliers are kept. */
    private static ObjectNode series(String name, String kind, List<Timeline.Took> took) {
        ObjectNode series = JSON.objectNode().put("name", name).put("kind", kind);
        ArrayNode points = series.putArray("points");
        int perPoint = 1 + took.size() / POINTS_MAX;
        for (int begin = 0; begin < took.size(); begin += perPoint) {
            Timeline.Took longest = took.get(begin);
            for (Timeline.Took next : took.subList(begin, Math.min(took.size(), begin + perPoint))) {
                longest = next.ms() > longest.ms() ? next : longest;
            }
            points.addArray().add(longest.step()).add(Math.max(1, longest.ms()));
        }
        return series;
    }
}
