package dev.cohort.study.view;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** How far several runs are that take turns: which of them goes on, and how long it and all of them still take. One thread. */
public final class RunsProgress implements Screen.Drawing {
    private static final int BAR_WIDTH = 24;

    private final int runs;
    private int number;
    private String name = "";
    private long beganMs;
    private long tookMs;
    private int timed;

    /** @param runs how many there are, those that were finished before included */
    public RunsProgress(int runs) {
        this.runs = runs;
    }

    /** Run {@code runNumber} begins, counted from 1. */
    public void begin(int runNumber, String runName, long nowMs) {
        number = runNumber;
        name = runName;
        beganMs = nowMs;
    }

    /** A whole run, of this or an earlier sitting, took so long; the others will take about as long. */
    public void took(long runMs) {
        tookMs += runMs;
        timed++;
    }

    /** One line: for a terminal that is drawn over, and for a log. */
    @Override
    public List<Styled> lines(RunView view, long nowMs) {
        Progress progress = Progress.of(view, nowMs);
        double share = (number - 1 + progress.share()) / runs;
        int filled = (int) Math.round(BAR_WIDTH * share);
        StringBuilder line = new StringBuilder("[" + "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled) + "]");
        line.append(String.format(
                Locale.ROOT,
                " run %d of %d: %s, step %d of %d",
                number,
                runs,
                name,
                progress.done(),
                progress.planned()));
        OptionalLong left = leftMs(progress, nowMs);
        line.append(left.isPresent() ? ", all done in about " + Words.duration(left.getAsLong()) : ", starting");
        return List.of(Styled.plain(line.toString()));
    }

    /** Time until the last run ends; empty while nothing tells how long a run takes. */
    private OptionalLong leftMs(Progress progress, long nowMs) {
        long thisMs = nowMs - beganMs + progress.leftMs().orElse(0);
        if (timed == 0 && progress.leftMs().isEmpty()) {
            return OptionalLong.empty();
        }
        double eachMs = timed > 0 ? (double) tookMs / timed : thisMs;
        double ownMs = progress.leftMs().orElse(Math.max(0, Math.round(eachMs - (nowMs - beganMs))));
        return OptionalLong.of(Math.round(ownMs + eachMs * (runs - number)));
    }
}
