package dev.cohort.cli;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Says a command in the log of a run. */
final class Asking {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private Asking() {}

    static int ask(RunTarget target, Command.Kind kind, Optional<PeerId> peer, String done) {
        RunTarget.Place place = target.place();
        try (RunLog log = RunTarget.connect(place)) {
            log.append(List.of(new Command(kind, peer, "asked on the command line")));
            if (!log.flush(LIMIT)) {
                throw new LaunchException(
                        ExitCode.UNAVAILABLE,
                        "run " + place.id() + ": broker " + place.address() + " did not take the command in "
                                + LIMIT.toSeconds() + " s");
            }
        }
        System.out.println("Run " + place.id() + " " + done + ".");
        return ExitCode.OK.code();
    }
}
