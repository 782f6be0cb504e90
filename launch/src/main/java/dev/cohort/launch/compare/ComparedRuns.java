package dev.cohort.launch.compare;

import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunObserver;
import dev.cohort.launch.local.LocalRun;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.view.Result;
import dev.cohort.study.view.RunsProgress;
import dev.cohort.study.view.Screen;
import dev.cohort.study.view.Words;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Carries out the runs of a comparison one after another: keeps finished runs, resumes interrupted ones, begins the rest. */
public final class ComparedRuns {
    /** Every run has its own broker, on a free port. */
    private static final HostPort ADDRESS = HostPort.LOOPBACK;

    private final ComparisonDirectory directory;
    private final List<Planned> order;
    private final Interruption interruption;
    private final RunsProgress course;
    private final Screen screen;
    private final List<String> failures = new ArrayList<>();

    /** @param screen shows the progress of the whole comparison */
    public ComparedRuns(
            ComparisonDirectory directory,
            Comparison comparison,
            Interruption interruption,
            Function<RunsProgress, Screen> screen) {
        this.directory = directory;
        this.order = ComparisonDirectory.order(comparison);
        this.interruption = interruption;
        this.course = new RunsProgress(order.size());
        this.screen = screen.apply(course);
    }

    /**
     * Carries out the runs that are not finished. A failed run does not stop the others.
     *
     * @param afterEach called after each run
     * @return false when interrupted
     */
    public boolean run(Runnable afterEach) {
        for (int i = 0; i < order.size(); i++) {
            Planned run = order.get(i);
            if (directory.state(run) == ComparisonDirectory.State.FINISHED) {
                directory.row(run).filter(row -> !row.resumed()).ifPresent(row -> course.took(ms(row.seconds())));
                continue;
            }
            course.begin(i + 1, run.words(), RunObserver.nowMs());
            boolean attempted = !interruption.requested() && attempt(run, i + 1);
            screen.clear();
            if (!attempted) {
                return false;
            }
            afterEach.run();
        }
        return true;
    }

    /** Reasons of the failed runs. */
    public List<String> failures() {
        return List.copyOf(failures);
    }

    private static long ms(double seconds) {
        return Math.round(1000 * seconds);
    }

    /** False when interrupted. */
    private boolean attempt(Planned run, int number) {
        try (LocalRun local = open(run)) {
            Optional<Result> ended = local.train(interruption, Screen.muted(screen));
            if (ended.isEmpty()) {
                return false;
            }
            Result result = local.conclude(ended.get());
            if (!local.resumed()) {
                course.took(result.elapsedMs());
            }
            directory.row(run).ifPresent(row -> say(row, number));
            return true;
        } catch (CommandException | IllegalStateException e) {
            // During shutdown nothing can be started; the run has not failed.
            if (interruption.requested()) {
                return false;
            }
            String why = run.words() + ": " + e.getMessage();
            directory.markFailed(run, why);
            failures.add(why);
            screen.say("run " + number + " of " + order.size() + " failed: " + why);
            return true;
        }
    }

    private LocalRun open(Planned run) {
        if (directory.state(run) == ComparisonDirectory.State.NEW) {
            directory.clear(run);
            LaunchPlan plan = LocalRun.requireHost(
                    Preparation.prepare(Optional.of(directory.experiment(run)), List.of()), directory.run(run));
            LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
            return LocalRun.begin(
                    plan,
                    ADDRESS,
                    () -> RunDirectory.createAt(directory.run(run), run.id(), now),
                    ExperimentYaml.writeWithoutSecrets(plan.experiment()));
        }
        RunDirectory held = RunDirectory.resume(directory.runs(), Optional.of(run.id()));
        try {
            directory.markResumed(run);
            return LocalRun.resume(held, LocalRun.Reach.AS_BEFORE, screen::say);
        } catch (CommandException e) {
            held.close();
            throw e;
        }
    }

    private void say(Row row, int number) {
        StringBuilder line = new StringBuilder(
                "run " + number + " of " + order.size() + ": " + row.run().words() + ":");
        for (Figure figure : Figure.values()) {
            if (row.accuracy(figure).isPresent()) {
                line.append("  ").append(figure.words()).append(' ').append(Words.percent(row.accuracy(figure)));
            }
        }
        screen.say(line + "  (" + Words.duration(ms(row.seconds())) + ")");
    }
}
