package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Waits for a broker that was just started. On a busy machine a start takes minutes, and waiting costs nothing: a broker that
 * cannot start ends, and its supervisor notices.
 */
final class BrokerStart {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration ANSWER = Duration.ofSeconds(1);
    private static final long SAY_EVERY_MS = 15_000;

    private BrokerStart() {}

    /** Called about once a second; throws when waiting has become pointless. */
    interface Check {
        void run() throws InterruptedException;
    }

    /**
     * Returns once the broker answers.
     *
     * @param log log file of the broker's process, named in messages
     * @param say receives a progress line every 15 s
     * @throws CommandException when the broker does not answer within ten minutes
     */
    static void await(KafkaAddress address, Path log, Consumer<String> say, Check check) throws InterruptedException {
        long beganMs = RunObserver.nowMs();
        long saidMs = beganMs;
        while (!BrokerPing.awaitReady(address, ANSWER)) {
            check.run();
            long nowMs = RunObserver.nowMs();
            if (nowMs - beganMs > LIMIT.toMillis()) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "the broker on " + address + " did not start within " + LIMIT.toMinutes() + " minutes: see "
                                + log);
            }
            if (nowMs - saidMs >= SAY_EVERY_MS) {
                saidMs = nowMs;
                say.accept("Still waiting for the broker to start after " + (nowMs - beganMs) / 1000 + " s; its log is "
                        + log + ".");
            }
        }
    }
}
