package dev.cohort.study.view;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** Draws the progress of several runs, one after another: the current run, and the time until the last one ends. One thread. */
public final class RunsProgress implements Screen.Drawing {
    private final int runs;
    private int number;
    private String name = "";
    private long beganMs;
    private long tookMs;
    private int timed;

    /** @param runs number of runs, including those finished before */
    public RunsProgress(int runs) {
        this.runs = runs;
    }

    /** Run {@code runNumber} begins, counted from 1. */
    public void begin(int runNumber, String runName, long nowMs) {
        number = runNumber;
        name = runName;
        beganMs = nowMs;
    }

    /** Takes in the duration of a whole run, now or in an earlier session, for the estimate. */
    public void took(long runMs) {
        tookMs += runMs;
        timed++;
    }

    /** One line, for a terminal and for a log. */
    @Override
    public List<Styled> lines(RunView view, long nowMs) {
        Progress progress = Progress.of(view, nowMs);
        double share = (number - 1 + progress.share()) / runs;
        StringBuilder line = new StringBuilder(Progress.bar(share));
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

    /** Estimated time until the last run ends; empty before there is an estimate. */
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
