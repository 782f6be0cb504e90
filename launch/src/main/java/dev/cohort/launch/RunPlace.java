package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;

/** Id and broker of a running run. */
public record RunPlace(String id, KafkaAddress address) {
    /**
     * @param soon how long the broker may be absent, as during a restart
     * @param late additional time for a broker that listens but does not answer yet
     */
    public void requireAnswer(Duration soon, Duration late) {
        if (BrokerPing.awaitReady(address, soon)) {
            return;
        }
        String who = "run " + id + ": its broker " + address;
        if (!BrokerPing.accepts(address)) {
            throw new CommandException(
                    ExitCode.UNAVAILABLE,
                    who
                            + " does not answer; the run is over (continue it with 'cohort run --resume'), or the address is"
                            + " wrong");
        }
        if (!BrokerPing.awaitReady(address, late)) {
            throw new CommandException(
                    ExitCode.UNAVAILABLE,
                    who + " listens but did not answer within "
                            + soon.plus(late).toSeconds()
                            + " s; the machine is too busy (try again), or this is not a Kafka broker");
        }
    }

    /** Connects to the log of the run, which must exist. */
    public RunLog connect() {
        RunLog log = RunLog.connect(address, id, "cli", (code, what, cause) -> {
            throw new CommandException(code, what, cause);
        });
        if (!log.exists()) {
            log.close();
            throw new CommandException(
                    ExitCode.USAGE,
                    "run " + id + ": broker " + address
                            + " knows no such run; if the run is starting, try again in a moment");
        }
        return log;
    }
}
