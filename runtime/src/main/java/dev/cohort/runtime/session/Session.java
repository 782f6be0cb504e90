package dev.cohort.runtime.session;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RoleProcess;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One process in a run: its shell, its connection to the log, and the description of the run.
 *
 * @param experiment the one in the manifest, so that all processes have the same
 */
public record Session(RoleProcess process, RunLog log, Manifest manifest, Experiment experiment) {
    private static final Duration FLUSH_LIMIT = Duration.ofMinutes(1);
    private static final Duration MANIFEST_LIMIT = Duration.ofMinutes(2);

    public static Session open(RoleOptions options) {
        RoleProcess process = RoleProcess.start(options.name());
        RunLog log = RunLog.connect(options.address(), options.run(), options.name(), process, process.registry());
        process.closeAtEnd(log);
        Manifest manifest = log.awaitManifest(MANIFEST_LIMIT);
        return new Session(process, log, manifest, ExperimentYaml.read(manifest.experiment()));
    }

    /** Why this process is not ready, for {@code /ready}: the broker is not reachable, or the log is still being read. */
    public List<String> notReady(Following following) {
        List<String> reasons = new ArrayList<>();
        if (!log.brokerReachable()) {
            reasons.add("broker not reachable");
        }
        if (!following.isCaughtUp()) {
            reasons.add("still catching up with the log");
        }
        return reasons;
    }

    /** Ends the process successfully, once everything it has published is in the log. */
    public void endWell() {
        log.flush(FLUSH_LIMIT);
        process.exit(ExitCode.OK);
    }
}
