package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Writes a run as plain lines for logs and pipes: one for each event, and one every few seconds while the run trains. */
public final class PlainLines {
    private final long everyMs;
    private long printedMs;
    private long printedStep = -1;
    private long eventsPrinted;
    private final Set<Integer> epochsPrinted = new TreeSet<>();

    /** @param everyMs least time between two progress lines */
    public PlainLines(long everyMs) {
        this.everyMs = everyMs;
    }

    /** The lines that are new since the last call. */
    public List<String> next(RunView view, long nowMs) {
        List<String> lines = new ArrayList<>();
        long forgotten = view.eventsForgotten();
        List<RunView.Event> events = view.events();
        events.stream()
                .skip(Math.max(0, eventsPrinted - forgotten))
                .forEach(event -> lines.add(event.peer() + " " + event.what()));
        eventsPrinted = forgotten + events.size();
        for (int epoch : wholeEpochs(view)) {
            if (epochsPrinted.add(epoch)) {
                lines.add(epochLine(view, epoch));
            }
        }
        Progress progress = Progress.of(view, nowMs);
        if (nowMs - printedMs >= everyMs && progress.done() != printedStep && progress.done() > 0) {
            printedMs = nowMs;
            printedStep = progress.done();
            lines.add(progressLine(view, progress));
            LiveTable.trouble(view, nowMs).ifPresent(lines::add);
        }
        return lines;
    }

    private static List<Integer> wholeEpochs(RunView view) {
        List<PeerView> present =
                view.peers().stream().filter(p -> !p.ended() || p.finished()).toList();
        return view.testedEpochs().stream()
                .filter(e -> present.stream().allMatch(p -> p.tests().containsKey(e)))
                .toList();
    }

    private static String progressLine(RunView view, Progress progress) {
        StringBuilder line = new StringBuilder("step " + progress.done() + " of " + progress.planned());
        progress.leftMs()
                .ifPresent(ms -> line.append(", ").append(Words.duration(ms)).append(" left"));
        for (PeerView peer : view.peers()) {
            Optional<String> loss = peer.report().map(r -> Words.decimals(r.crossEntropy(), 3));
            loss.ifPresent(
                    l -> line.append("  ").append(peer.id()).append(" CE ").append(l));
        }
        return line.toString();
    }

    private static String epochLine(RunView view, int epoch) {
        StringBuilder line = new StringBuilder("epoch " + (epoch + 1) + " tested:");
        for (PeerView peer : view.peers()) {
            Optional.ofNullable(peer.tests().get(epoch))
                    .ifPresent(test ->
                            line.append("  ").append(peer.id()).append(' ').append(Words.percent(test.accuracy())));
        }
        view.ensembleAccuracy(epoch).ifPresent(a -> line.append("  ensemble ").append(Words.percent(a)));
        return line.toString();
    }
}
