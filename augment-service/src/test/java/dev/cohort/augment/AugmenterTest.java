package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PixelRenderer;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class AugmenterTest {
    private static final ImageData DATA = Fixtures.data(43);
    /** 18 batches. */
    private static final BatchPlan PLAN = BatchPlan.of(Fixtures.experiment(Mixing.CUTMIX_PER_PEER), DATA);

    private static final AugmenterSetting SETTING = new AugmenterSetting(3, 1, false, 2000, 100);

    private final Augmenter augmenter = augmenter(SETTING);
    /** Everything the augmenter sent, in order. */
    private final List<Message> log = new ArrayList<>();

    private long nowMs = 1000;

    private static Augmenter augmenter(AugmenterSetting setting) {
        return new Augmenter(setting, PLAN, new BatchRenderer(DATA));
    }

    /** Calls due deadlines until none is left; returns the sent messages. */
    private List<Message> run(Augmenter node) {
        List<Message> sent = new ArrayList<>();
        while (node.nextDeadlineMs() <= nowMs) {
            sent.addAll(node.onDeadline(nowMs));
        }
        log.addAll(sent);
        return sent;
    }

    private List<Message> runAfter(Augmenter node, long ms) {
        nowMs += ms;
        return run(node);
    }

    /** Delivers the sent messages to the augmenter, as the log does. */
    private void echo(Augmenter node, List<? extends Message> messages) {
        for (Message message : messages) {
            assertThat(node.onMessage(message, nowMs)).isEmpty();
        }
    }

    private void start() {
        run(augmenter);
        echo(augmenter, runAfter(augmenter, 100));
    }

    private static Outcome outcome(long step, int part) {
        Digest state = Digest.ofBytes(new byte[Digest.BYTES]);
        return new Outcome(step, part, "c1", state, List.of(), new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
    }

    private void resolve(long step) {
        augmenter.onMessage(outcome(step, 0), nowMs);
    }

    private static List<Long> steps(List<Message> messages) {
        return messages.stream()
                .filter(Batch.class::isInstance)
                .map(m -> ((Batch) m).step())
                .toList();
    }

    @Test
    void sendsTheFirstBatchesUpToTheWindow() {
        run(augmenter);

        assertThat(steps(runAfter(augmenter, 100))).containsExactly(1L, 2L, 3L);
        assertThat(runAfter(augmenter, 1000)).isEmpty();
    }

    @Test
    void sendsOneMoreBatchForEachResolvedStep() {
        start();

        resolve(1);
        assertThat(steps(run(augmenter))).containsExactly(4L);

        // Step 3 before step 2: only steps resolved without a gap move the window.
        resolve(3);
        assertThat(run(augmenter)).isEmpty();
        resolve(2);
        assertThat(steps(run(augmenter))).containsExactly(5L, 6L);
        resolve(2);
        assertThat(run(augmenter)).isEmpty();
    }

    @Test
    void rendersOneBatchACallSoThatMessagesAreNotKeptWaiting() {
        run(augmenter);
        nowMs += 100;

        assertThat(augmenter.onDeadline(nowMs)).hasSize(1);
        assertThat(augmenter.nextDeadlineMs()).isLessThanOrEqualTo(nowMs);
    }

    @Test
    void batchesCarryTheDigestsOfEveryView() {
        start();

        Batch batch = (Batch) log.get(1);
        BatchPlan.Planned planned = PLAN.batch(2);
        assertThat(batch).isEqualTo(Fixtures.batch(planned, new BatchRenderer(DATA)));
        assertThat(batch.digests()).hasSize(4).doesNotHaveDuplicates();
        assertThat(batch.pixels()).isEmpty();
    }

    @Test
    void batchesCarryPixelsInPixelMode() {
        Augmenter pixels = augmenter(new AugmenterSetting(3, 1, true, 2000, 0));
        Batch batch = (Batch) run(pixels).get(0);

        PixelRenderer unpack = new PixelRenderer(DATA.test().images());
        for (int slot = 0; slot < 4; slot++) {
            assertThat(unpack.render(batch, slot).digest()).isEqualTo(batch.digest(slot));
        }
        assertThat(batch.pixels().orElseThrow()).hasSize(4);
    }

    @Test
    void resolvesAStepWithAllItsParts() {
        Augmenter inParts = augmenter(new AugmenterSetting(1, 2, false, 2000, 0));
        echo(inParts, run(inParts));

        inParts.onMessage(outcome(1, 0), nowMs);
        inParts.onMessage(outcome(1, 0), nowMs);
        assertThat(run(inParts)).isEmpty();
        inParts.onMessage(outcome(1, 1), nowMs);
        assertThat(steps(run(inParts))).containsExactly(2L);
    }

    @Test
    void endsRightAfterTheLastBatch() {
        start();
        for (long step = 1; step <= 15; step++) {
            resolve(step);
            echo(augmenter, run(augmenter));
        }

        assertThat(steps(log)).hasSize(18).isSorted().doesNotHaveDuplicates();
        assertThat(log.get(17)).isInstanceOf(Batch.class);
        assertThat(log.subList(18, log.size())).containsExactly(new End(18, "planned"));
        assertThat(augmenter.finished()).isTrue();
        assertThat(augmenter.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void resendsMessagesThatDoNotAppearInTheLog() {
        run(augmenter);
        List<Message> sent = runAfter(augmenter, 100);
        echo(augmenter, List.of(sent.get(0), sent.get(2)));

        assertThat(augmenter.nextDeadlineMs()).isEqualTo(nowMs + 2000);
        assertThat(runAfter(augmenter, 1999)).isEmpty();
        assertThat(runAfter(augmenter, 1)).containsExactly(sent.get(1));
        assertThat(runAfter(augmenter, 1999)).isEmpty();
        assertThat(runAfter(augmenter, 1)).containsExactly(sent.get(1));
        echo(augmenter, List.of(sent.get(1)));
        assertThat(runAfter(augmenter, 10_000)).isEmpty();
    }

    @Test
    void takesAnOutcomeAsProofOfItsBatch() {
        run(augmenter);
        runAfter(augmenter, 100);

        resolve(1);

        assertThat(steps(runAfter(augmenter, 2000))).containsExactly(2L, 3L, 4L);
    }

    @Test
    void resendsTheEndUntilItIsInTheLog() {
        start();
        augmenter.onMessage(new Command(Command.Kind.STOP, Optional.empty(), "enough"), nowMs);
        End end = (End) run(augmenter).get(0);

        assertThat(runAfter(augmenter, 1999)).isEmpty();
        assertThat(runAfter(augmenter, 1)).containsExactly(end);
        assertThat(augmenter.finished()).isFalse();
        echo(augmenter, List.of(end));
        assertThat(runAfter(augmenter, 10_000)).isEmpty();
        assertThat(augmenter.finished()).isTrue();
    }

    @Test
    void endsTheRunAfterTheSentBatchesAtAStop() {
        start();

        augmenter.onMessage(new Command(Command.Kind.STOP, Optional.empty(), "enough"), nowMs);

        assertThat(run(augmenter)).containsExactly(new End(3, "enough"));
        resolve(1);
        resolve(2);
        assertThat(run(augmenter)).isEmpty();
    }

    @Test
    void endsTheRunAtAnAbortButNotAtADrain() {
        start();

        augmenter.onMessage(new Command(Command.Kind.DRAIN, Optional.empty(), "one peer"), nowMs);
        assertThat(run(augmenter)).isEmpty();
        augmenter.onMessage(new Command(Command.Kind.ABORT, Optional.empty(), "nobody came"), nowMs);

        assertThat(run(augmenter)).containsExactly(new End(3, "nobody came"));
    }

    @Test
    void endsAnEmptyRunAtAStopBeforeTheFirstBatch() {
        augmenter.onMessage(new Command(Command.Kind.STOP, Optional.empty(), "never mind"), nowMs);

        assertThat(runAfter(augmenter, 100)).containsExactly(new End(0, "never mind"));
    }

    @Test
    void continuesWithTheFirstMissingBatchAfterARestart() {
        start();
        resolve(1);
        echo(augmenter, run(augmenter));

        Augmenter restarted = augmenter(SETTING);
        echo(restarted, List.copyOf(log));
        restarted.onMessage(outcome(1, 0), nowMs);
        restarted.onMessage(outcome(2, 0), nowMs);

        assertThat(run(restarted)).isEmpty();
        assertThat(steps(runAfter(restarted, 100))).containsExactly(5L);
    }

    @Test
    void fillsAGapAfterARestart() {
        start();
        Augmenter restarted = augmenter(SETTING);
        echo(restarted, List.of(log.get(0), log.get(2)));

        assertThat(runAfter(restarted, 100)).containsExactly(log.get(1));
    }

    @Test
    void sendsNothingWhileItReadsItsBacklogAfterARestart() {
        start();
        Augmenter restarted = augmenter(SETTING);

        // Outcomes arrive faster than batches, and deadlines are called between the messages.
        for (int i = 0; i < 3; i++) {
            restarted.onMessage(outcome(i + 1, 0), nowMs);
            assertThat(runAfter(restarted, 60)).isEmpty();
        }
        echo(restarted, List.copyOf(log));

        assertThat(steps(runAfter(restarted, 100))).containsExactly(4L, 5L, 6L);
    }

    @Test
    void sendsALostEndAfterARestart() {
        start();
        for (long step = 1; step <= 15; step++) {
            resolve(step);
            echo(augmenter, run(augmenter));
        }
        Augmenter restarted = augmenter(SETTING);
        echo(restarted, log.subList(0, 18));

        assertThat(runAfter(restarted, 100)).containsExactly(new End(18, "planned"));
    }

    @Test
    void respectsALoggedEndAfterARestart() {
        start();
        Augmenter restarted = augmenter(SETTING);
        echo(restarted, log);
        restarted.onMessage(new End(3, "enough"), nowMs);
        restarted.onMessage(outcome(1, 0), nowMs);

        assertThat(runAfter(restarted, 10_000)).isEmpty();
        assertThat(restarted.finished()).isTrue();
    }

    @Test
    void sendsTheSameBatchesInEveryIncarnation() {
        start();
        Augmenter again = augmenter(SETTING);
        run(again);

        assertThat(runAfter(again, 100)).isEqualTo(log.subList(0, 3));
    }

    @Test
    void ignoresEarlyDeadlines() {
        assertThat(augmenter.onDeadline(nowMs)).isEmpty();
        start();
        for (int i = 0; i < 10; i++) {
            assertThat(augmenter.onDeadline(nowMs)).isEmpty();
        }
    }

    @Test
    void reportsItsStatus() {
        run(augmenter);
        List<Message> sent = runAfter(augmenter, 100);
        echo(augmenter, sent.subList(0, 1));
        resolve(1);

        assertThat(augmenter.status()).isEqualTo(new AugmenterStatus(18, 3, 1, 1, 2, Optional.empty()));
    }

    @Test
    void takesItsWindowFromTheExperiment() {
        Experiment strict = Fixtures.experiment(Mixing.NONE);

        assertThat(AugmenterSetting.of(strict)).isEqualTo(new AugmenterSetting(3, 1, false, 2000, 100));
        assertThatIllegalArgumentException().isThrownBy(() -> new AugmenterSetting(0, 1, false, 2000, 100));
    }
}
