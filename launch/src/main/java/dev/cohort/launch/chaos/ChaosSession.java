package dev.cohort.launch.chaos;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.launch.RunDirectory;
import dev.cohort.peer.process.CodeAccess;
import dev.cohort.runtime.proxy.Links;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.Verification;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.retrain.PlannedBatches;
import dev.cohort.study.retrain.TrainedAgain;
import dev.cohort.study.view.ProgressLines;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Disturbs a run on this machine until it ends, then checks its promises. */
public final class ChaosSession {
    private static final long LOOK_MS = 500;
    /** Renewed while the session lasts, so that no connection stays slow after this process is killed. */
    private static final long SLOW_MS = 3_000;

    private final RunDirectory directory;
    private final Optional<ChaosPlan> plan;
    private final Optional<Links> links;
    private final Slowed slowed;
    private final Chaos chaos;
    private final Consumer<String> progress;
    private final MemoryWatch memory = new MemoryWatch();

    /**
     * Connections that stay slow while the run is disturbed.
     *
     * @param processes names of the processes
     * @param delayMs in each direction
     */
    public record Slowed(List<String> processes, long delayMs) {}

    /**
     * @param plan draws the disturbances; empty if connections are only slowed down
     * @param links of the run's proxy, if it has one
     * @param progress receives a line for each action
     */
    public ChaosSession(
            RunDirectory directory,
            Optional<ChaosPlan> plan,
            Optional<Links> links,
            Slowed slowed,
            Chaos chaos,
            Consumer<String> progress) {
        this.directory = directory;
        this.plan = plan;
        this.links = links;
        this.slowed = slowed;
        this.chaos = chaos;
        this.progress = progress;
    }

    /**
     * Disturbs the run and returns when it has ended.
     *
     * @param everyS seconds between disturbances
     * @param forS seconds after which disturbances stop; empty disturbs the run to its end
     */
    public void disturb(long everyS, Optional<Long> forS) throws InterruptedException {
        long startMs = nowMs();
        long nextMs = startMs + TimeUnit.SECONDS.toMillis(everyS);
        long endMs = forS.map(s -> startMs + TimeUnit.SECONDS.toMillis(s)).orElse(Long.MAX_VALUE);
        while (nowMs() < endMs && RunDirectory.isHeld(directory.path())) {
            watchMemory();
            for (String process : slowed.processes()) {
                chaos.slow(process, slowed.delayMs(), SLOW_MS);
            }
            if (plan.isPresent() && nowMs() >= nextMs) {
                nextMs += TimeUnit.SECONDS.toMillis(everyS);
                Optional<Disturbance> next = plan.get().next(targets(), nowMs());
                if (next.isPresent()) {
                    chaos.carryOut(next.get());
                }
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
        progress.accept("waiting for the end of the run");
        while (RunDirectory.isHeld(directory.path())) {
            watchMemory();
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
    }

    private List<ChaosPlan.Target> targets() {
        return chaos.running().stream()
                .map(p -> new ChaosPlan.Target(
                        p.name(), p.role(), links.flatMap(l -> l.of(p.name())).isPresent()))
                .toList();
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    private void watchMemory() {
        chaos.running().forEach(p -> memory.look(p, nowMs()));
    }

    /**
     * Checks the promises after the end of the run.
     *
     * @param data of the run
     * @param weights whether every peer is trained again from the log
     * @param access to the code of networks in processes of their own
     */
    public ChaosReport report(OpenRun opened, ImageData data, boolean weights, CodeAccess access) {
        List<Promises.Promise> promises = new ArrayList<>();
        boolean ended = Files.exists(directory.path().resolve(RunDirectory.RESULT));
        promises.add(new Promises.Promise(
                "the run ended by itself", ended, ended ? "it wrote its result" : "no " + RunDirectory.RESULT));
        progress.accept("recomputing every outcome");
        Verification.Verdict verdict = new Verification(
                        opened.log(),
                        RunTeacher.of(opened.manifest(), opened.experiment()),
                        RunSchedule.learningRate(opened.manifest(), opened.experiment()),
                        new PlannedBatches(opened.experiment(), data))
                .verdict(step -> {});
        promises.addAll(Promises.ofLog(verdict, Promises.read(opened.log()), chaos.corrupt(), chaos.uncertain()));
        if (weights) {
            promises.add(
                    ChaosReport.weights(TrainedAgain.all(opened, data, access, new ProgressLines(progress, false))));
        }
        promises.add(Promises.ofMemory(memory.largest()));
        return new ChaosReport(directory.id(), chaos, promises);
    }
}
