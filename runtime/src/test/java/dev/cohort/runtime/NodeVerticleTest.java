package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NodeVerticleTest {
    private final List<Message> appended = new CopyOnWriteArrayList<>();
    private final RecordedFaults faults = new RecordedFaults();
    private final AtomicLong clock = new AtomicLong(1000);
    private RoleProcess process = RoleProcess.start("test");

    @BeforeEach
    void startAgain() {
        process.close();
        process = RoleProcess.start("test");
    }

    @AfterEach
    void stop() {
        process.close();
    }

    private NodeVerticle.Wiring wiring(ScriptedNode node) {
        return NodeVerticle.Wiring.of("node", node, clock::get, appended::addAll, faults);
    }

    private NodeVerticle deploy(ScriptedNode node) {
        NodeVerticle verticle = new NodeVerticle(wiring(node));
        process.deploy(verticle);
        return verticle;
    }

    private static Delivery delivery(Message message) {
        return delivery(message, 100);
    }

    private static Delivery delivery(Message message, int bytes) {
        return new Delivery(message, "sender", Topic.of(message), 0, 0, 0, bytes);
    }

    @Test
    void passesMessagesAndAppendsAnswersInOrder() {
        NodeVerticle verticle = deploy(new ScriptedNode(m -> List.of(m, m)));
        List<Message> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Message message = Samples.command(i);
            Eventually.until("room", () -> verticle.inbox().offer(delivery(message)));
            expected.add(message);
            expected.add(message);
        }
        Eventually.until("400 answers", () -> appended.size() == 400);
        assertThat(appended).isEqualTo(expected);
    }

    @Test
    void callsTheNodeOnOneThreadThatIsNotTheEventLoop() {
        ScriptedNode node = new ScriptedNode(m -> List.of()).withDeadlines(0, 1, 50);
        NodeVerticle verticle = deploy(node);
        for (int i = 0; i < 50; i++) {
            clock.incrementAndGet();
            verticle.inbox().offer(delivery(Samples.command(i)));
        }
        Eventually.until("50 messages", () -> node.count("m") == 50);
        assertThat(node.threads().stream().distinct()).hasSize(1);
        assertThat(node.threads().get(0).getName()).startsWith("step-node");
    }

    @Test
    void acceptsMessagesBeforeItIsDeployed() {
        ScriptedNode node = new ScriptedNode(m -> List.of(m));
        NodeVerticle verticle = new NodeVerticle(wiring(node));
        assertThat(verticle.inbox().offer(delivery(Samples.command(1)))).isTrue();
        process.deploy(verticle);
        Eventually.until("the answer", () -> appended.size() == 1);
    }

    @Test
    void callsADeadlineWhenItIsDueAndNotBefore() {
        ScriptedNode node = new ScriptedNode(m -> List.of()).withDeadlines(1030, 1, 1);
        NodeVerticle verticle = deploy(node);
        verticle.inbox().offer(delivery(Samples.command(1)));
        Eventually.until("the message", () -> node.count("m") == 1);
        assertThat(node.calls()).containsExactly("m1000");
        clock.set(1030);
        Eventually.until("the deadline", () -> node.count("d") == 1);
        assertThat(node.calls()).containsExactly("m1000", "d1030");
    }

    @Test
    void alternatesMessagesWithDeadlinesThatAreAlwaysDue() {
        ScriptedNode node = new ScriptedNode(m -> List.of()).withDeadlines(0, 0, 100_000);
        NodeVerticle verticle = deploy(node);
        Eventually.until("deadlines", () -> node.count("d") > 100);
        for (int i = 0; i < 20; i++) {
            Message message = Samples.command(i);
            Eventually.until("room", () -> verticle.inbox().offer(delivery(message)));
        }
        Eventually.until("20 messages", () -> node.count("m") == 20);
        List<String> calls = node.calls();
        assertThat(node.count("d")).isLessThan(100_000);
        int first = calls.indexOf("m1000");
        assertThat(calls.subList(first, first + 2)).containsExactly("m1000", "d1000");
    }

    @Test
    void passesTheNodeATimeThatNeverDecreases() {
        ScriptedNode node = new ScriptedNode(m -> List.of());
        NodeVerticle verticle = deploy(node);
        verticle.inbox().offer(delivery(Samples.command(1)));
        Eventually.until("a message", () -> node.count("m") == 1);
        clock.set(10);
        verticle.inbox().offer(delivery(Samples.command(2)));
        Eventually.until("two messages", () -> node.count("m") == 2);
        assertThat(node.calls()).containsExactly("m1000", "m1000");
    }

    @Test
    void boundsTheInboxOfASlowNode() {
        CountDownLatch slow = new CountDownLatch(1);
        ScriptedNode node = new ScriptedNode(m -> {
            await(slow);
            return List.of(m);
        });
        NodeVerticle verticle = deploy(node);
        int taken = 0;
        while (verticle.inbox().offer(delivery(Samples.command(taken)))) {
            taken++;
        }
        assertThat(taken).isBetween(256, 257);
        slow.countDown();
        int all = taken;
        Eventually.until("all answers", () -> appended.size() == all);
        assertThat(verticle.inbox().offer(delivery(Samples.command(taken)))).isTrue();
    }

    @Test
    void boundsTheInboxInBytesButAcceptsOneMessageOfAnySize() {
        Inbox inbox = new Inbox(10, 1000, () -> {});
        assertThat(inbox.offer(delivery(Samples.command(1), 5000))).isTrue();
        assertThat(inbox.offer(delivery(Samples.command(2), 1))).isFalse();
        assertThat(inbox.poll()).isPresent();
        assertThat(inbox.offer(delivery(Samples.command(2), 600))).isTrue();
        assertThat(inbox.offer(delivery(Samples.command(3), 401))).isFalse();
        assertThat(inbox.offer(delivery(Samples.command(3), 400))).isTrue();
    }

    @Test
    void endsTheProcessAfterAnErrorInTheNode() {
        AtomicInteger calls = new AtomicInteger();
        NodeVerticle verticle = deploy(new ScriptedNode(m -> {
            calls.incrementAndGet();
            throw new IllegalStateException("broken invariant");
        }));
        verticle.inbox().offer(delivery(Samples.command(1)));
        verticle.inbox().offer(delivery(Samples.command(2)));
        Eventually.until("the fault", () -> !faults.all().isEmpty());
        assertThat(faults.all()).hasSize(1);
        assertThat(faults.all().get(0)).contains("BUG", "node=node", "broken invariant");
        assertThat(calls.get()).isEqualTo(1);
    }

    @Test
    void endsTheProcessWhenTheNodeCannotContinue() {
        NodeVerticle verticle = deploy(new ScriptedNode(m -> {
            throw new NodeFailure("the learner has ended");
        }));
        verticle.inbox().offer(delivery(Samples.command(1)));
        Eventually.until("the fault", () -> !faults.all().isEmpty());
        assertThat(faults.all().get(0)).contains("FAILED", "node=node", "the learner has ended");
    }

    @Test
    void reportsAMessageThatCannotBeAppendedAsUnavailable() {
        ScriptedNode node = new ScriptedNode(m -> List.of(m));
        NodeVerticle verticle = new NodeVerticle(NodeVerticle.Wiring.of(
                "node",
                node,
                clock::get,
                messages -> {
                    throw new IllegalArgumentException("Batch of 99 bytes: must be at most 9");
                },
                faults));
        process.deploy(verticle);
        verticle.inbox().offer(delivery(Samples.command(1)));
        verticle.inbox().offer(delivery(Samples.command(2)));
        Eventually.until("the fault", () -> !faults.all().isEmpty());
        assertThat(faults.all()).hasSize(1);
        assertThat(faults.all().get(0)).contains("UNAVAILABLE", "cannot append", "Batch of 99 bytes");
        assertThat(node.count("m")).isEqualTo(1);
    }

    @Test
    void finishesOnlyAfterTheLastMessagesAreAppended() {
        ScriptedNode node = new ScriptedNode(m -> List.of(m));
        NodeVerticle verticle = new NodeVerticle(wiring(node).withFinished(() -> node.count("m") == 2));
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        verticle.finished().thenRun(() -> sizes.add(appended.size()));
        process.deploy(verticle);
        verticle.inbox().offer(delivery(Samples.command(1)));
        verticle.inbox().offer(delivery(Samples.command(2)));
        Eventually.until("finished", () -> !sizes.isEmpty());
        assertThat(sizes).containsExactly(2);
    }

    @Test
    void runsTwoNodesIndependently() {
        CountDownLatch slow = new CountDownLatch(1);
        NodeVerticle training = new NodeVerticle(NodeVerticle.Wiring.of(
                "training",
                new ScriptedNode(m -> {
                    await(slow);
                    return List.of(m);
                }),
                clock::get,
                appended::addAll,
                faults));
        ScriptedNode heart = new ScriptedNode(m -> List.of()).withDeadlines(0, 1, Long.MAX_VALUE);
        process.deploy(training);
        process.deploy(new NodeVerticle(
                NodeVerticle.Wiring.of("heart", heart, clock::incrementAndGet, appended::addAll, faults)));
        training.inbox().offer(delivery(Samples.command(1)));
        long before = heart.count("d");
        Eventually.until("heartbeats", () -> heart.count("d") > before + 5);
        assertThat(appended).isEmpty();
        slow.countDown();
        Eventually.until("the answer", () -> appended.size() == 1);
    }

    @Test
    void keepsASlowNodeOffTheEventLoop() {
        CountDownLatch slow = new CountDownLatch(1);
        NodeVerticle verticle = deploy(new ScriptedNode(m -> {
            await(slow);
            return List.of(m);
        }));
        verticle.inbox().offer(delivery(Samples.command(1)));
        AtomicInteger ticks = new AtomicInteger();
        process.vertx().setPeriodic(10, ignored -> ticks.incrementAndGet());
        Eventually.until("the event loop goes on", () -> ticks.get() > 50);
        slow.countDown();
        Eventually.until("the answer", () -> appended.size() == 1);
        assertThat(process.eventLoopBlocks()).isZero();
    }

    @Test
    void publishesTheLastStatus() throws Exception {
        ScriptedNode node = new ScriptedNode(m -> List.of(m));
        NodeVerticle verticle =
                new NodeVerticle(wiring(node).withStatus(() -> new Status(Map.of("messages", node.count("m")))));
        HttpProbe http = new HttpProbe(process.serve(HostPort.LOOPBACK, List::of));
        process.deploy(verticle);
        for (int i = 1; i <= 30; i++) {
            verticle.inbox().offer(delivery(Samples.command(i)));
        }
        Eventually.until("the last status", () -> http.get("/status").contains("\"messages\":30"));
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
