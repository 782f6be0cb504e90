package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;

/** Where a run is that goes on: its id and its broker. */
public record RunPlace(String id, KafkaAddress address) {
    /**
     * @param soon how long a broker may be absent, as when it is being started again
     * @param late how much longer one may take that listens
     */
    public void requireAnswer(Duration soon, Duration late) {
        if (BrokerPing.awaitReady(address, soon)) {
            return;
        }
        String who = "run " + id + ": its broker " + address;
        if (!BrokerPing.accepts(address)) {
            throw new CommandException(
                    ExitCode.UNAVAILABLE,
                    who + " does not answer; the run is over (go on with it by 'cohort run --resume'), or the address"
                            + " is wrong");
        }
        if (!BrokerPing.awaitReady(address, late)) {
            throw new CommandException(
                    ExitCode.UNAVAILABLE,
                    who + " listens but did not answer within "
                            + soon.plus(late).toSeconds()
                            + " s; the machine is too busy (try again), or that is no Kafka broker");
        }
    }

    /** Connects to the log of the run, which must be there. */
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
