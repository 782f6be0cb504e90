package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The peers of a running run, and the peers its open step waits for.
 *
 * @param nowMs wall time, Unix milliseconds
 */
public record MembersReport(RunView view, long nowMs) implements Printout {
    private static final int EVENTS_SHOWN = 12;

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        LiveTable.rows(view).forEach(l -> lines.add(l.text()));
        lines.add("");
        lines.addAll(StandingTable.lines(view, nowMs));
        lines.add("");
        lines.add("Step " + view.closedStep() + " of " + view.stepsPlanned() + " of run " + view.runId() + ".");
        List<RunView.Event> events = view.events();
        events.subList(Math.max(0, events.size() - EVENTS_SHOWN), events.size())
                .forEach(e -> lines.add(e.peer() + " " + e.what()));
        return lines;
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", view.runId()).put("step", view.closedStep()).put("steps_planned", view.stepsPlanned());
        ArrayNode peers = json.putArray("peers");
        for (PeerView peer : view.peers()) {
            ObjectNode one = peers.addObject();
            Optional<Standings.Held> standing = view.standings().of(peer.id());
            one.put("standing", StandingTable.standing(standing))
                    .put("since", standing.map(h -> at(h.sinceMs())).orElse(""))
                    .put("since_step", standing.map(Standings.Held::step).orElse(0L))
                    .put("why", standing.map(Standings.Held::why).orElse("no message yet"));
            one.put("id", peer.id().value())
                    .put("model", peer.model())
                    .put("device", peer.device())
                    .put("control", peer.control())
                    .put("contributes", view.contributing().contains(peer.id()))
                    .put(
                            "state",
                            peer.state()
                                    .map(s -> s.name().toLowerCase(Locale.ROOT))
                                    .orElse("unheard"))
                    .put("left", peer.left().map(l -> l.reason()).orElse(""))
                    .put("incarnation", peer.incarnation())
                    .put("step", peer.step())
                    .put("rejections", peer.rejections());
        }
        ObjectNode waiting = json.putObject("waiting");
        view.openSinceMs().ifPresent(since -> {
            waiting.put("step", view.closedStep() + 1).put("since", at(since));
            ArrayNode awaited = waiting.putArray("for");
            view.awaited().forEach(p -> awaited.add(p.id().value()));
        });
        ArrayNode events = json.putArray("events");
        view.events()
                .forEach(e -> events.addObject()
                        .put("step", e.step())
                        .put("peer", e.peer())
                        .put("what", e.what()));
        return json;
    }

    private static String at(long ms) {
        return Instant.ofEpochMilli(ms).toString();
    }
}
