package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Eventually;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.RecordedFaults;
import dev.cohort.runtime.RoleProcess;
import dev.cohort.runtime.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Peer and coordinator answer each other in lock step through the log and two node verticles, and no message is lost. Prints the
 * duration of a round; prediction and outcome have the same size. Both nodes are in this JVM, the broker is not.
 */
@Tag("slow")
@Timeout(300)
class RoundTripTest {
    private static final int WARM_UP = 200;
    private static final int STEPS = 600;

    private final RecordedFaults faults = new RecordedFaults();

    /** Starts step t+1 when the outcome of step t has arrived, and records the time. */
    private static final class Peer implements Node {
        private final int rows;
        private final long[] nanos = new long[STEPS + 1];
        private volatile long step;

        private Peer(int rows) {
            this.rows = rows;
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return message instanceof Outcome outcome && outcome.step() == step ? next() : List.of();
        }

        @Override
        public List<Message> onCaughtUp(long nowMs) {
            return List.of();
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return step == 0 ? next() : List.of();
        }

        @Override
        public long nextDeadlineMs() {
            return step == 0 ? 0 : Long.MAX_VALUE;
        }

        private List<Message> next() {
            long now = step;
            nanos[(int) now] = System.nanoTime();
            step = now + 1;
            return now < STEPS ? List.of(Samples.prediction(now + 1, Samples.P1, rows)) : List.of();
        }
    }

    private record Coordinator(int rows) implements Node {
        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return message instanceof Prediction prediction
                    ? List.of(Samples.outcome(prediction.step(), rows))
                    : List.of();
        }

        @Override
        public List<Message> onCaughtUp(long nowMs) {
            return List.of();
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return List.of();
        }

        @Override
        public long nextDeadlineMs() {
            return Long.MAX_VALUE;
        }
    }

    /** 128 x 10 and 128 x 100 logits of 4 bytes. */
    @ParameterizedTest
    @ValueSource(ints = {128, 1280})
    void answersEveryStep(int rows, @TempDir Path folder) throws IOException {
        try (BrokerProcess broker = BrokerProcess.start(folder);
                RoleProcess process = RoleProcess.start("measurement")) {
            RunLog coordinatorLog = RunLog.connect(broker.address(), "trip", "coordinator", faults);
            RunLog peerLog = RunLog.connect(broker.address(), "trip", "p1", faults);
            process.closeAtEnd(coordinatorLog);
            process.closeAtEnd(peerLog);
            coordinatorLog.createTopics(new TopicPlan(1, 1, 1, OptionalLong.empty()));
            Peer peer = new Peer(rows);
            deploy(process, "coordinator", new Coordinator(rows), coordinatorLog, Topic.PREDICTIONS);
            deploy(process, "peer", peer, peerLog, Topic.OUTCOMES);
            Eventually.until("the first half", () -> peer.step > STEPS / 2);
            Eventually.until("all steps", () -> peer.step > STEPS);
            report(rows * 40, peer.nanos);
        }
        assertThat(faults.all()).isEmpty();
    }

    private void deploy(RoleProcess process, String name, Node node, RunLog log, Topic reads) {
        NodeVerticle verticle = new NodeVerticle(NodeVerticle.Wiring.of(name, node, log.clock(), log, faults));
        log.follow(Set.of(reads), OptionalInt.empty(), From.BEGINNING, verticle.inbox());
        process.deploy(verticle);
    }

    private static void report(int bytes, long[] nanos) {
        long[] rounds = new long[STEPS - WARM_UP];
        for (int i = 0; i < rounds.length; i++) {
            rounds[i] = nanos[WARM_UP + i + 1] - nanos[WARM_UP + i];
        }
        Arrays.sort(rounds);
        System.out.printf(
                "round trip bytes=%d p50_ms=%.2f p90_ms=%.2f p99_ms=%.2f%n",
                bytes,
                rounds[rounds.length / 2] / 1e6,
                rounds[rounds.length * 9 / 10] / 1e6,
                rounds[rounds.length * 99 / 100] / 1e6);
    }
}
