package dev.cohort.augment;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.tensor.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Publishes the batches of the plan, a few ahead of the resolved ones, and the end of the run. It needs the batches, outcomes and
 * commands of the run.
 *
 * <p>It stores no state: it reads from the log which batches were sent, so a restarted augmenter that reads its own topic first
 * continues with the first batch that is missing there. If a batch is sent twice, both are equal.
 *
 * <p>Messages only update its state; all sending happens in {@link #onDeadline}, with at most one newly rendered batch per call.
 */
public final class Augmenter implements Node {
    private static final String PLANNED = "planned";

    private final AugmenterSetting setting;
    private final BatchPlan plan;
    private final BatchRenderer renderer;

    private final StepSet logged = new StepSet();
    private final StepSet resolved = new StepSet();
    private final SortedMap<Long, SortedSet<Integer>> partsResolved = new TreeMap<>();
    /** Batches sent and not yet seen in the log. */
    private final SortedMap<Long, Sent<Batch>> unseen = new TreeMap<>();

    private Optional<String> stopReason = Optional.empty();
    private Optional<Sent<End>> endSent = Optional.empty();
    private final EndOfRun endOfRun = new EndOfRun();
    private Optional<End> endLogged = Optional.empty();
    private boolean called;
    /** Nothing is sent before this time. */
    private long settledMs = Long.MIN_VALUE;

    private record Sent<M extends Message>(M message, long atMs) {}

    public Augmenter(AugmenterSetting setting, BatchPlan plan, BatchRenderer renderer) {
        this.setting = setting;
        this.plan = plan;
        this.renderer = renderer;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        begin(nowMs);
        if (message instanceof Batch batch) {
            if (endOfRun.batch(batch)) {
                inLog(batch.step(), nowMs);
            }
        } else if (message instanceof Outcome outcome) {
            // An outcome implies that its batch is in the log.
            inLog(outcome.step(), nowMs);
            resolve(outcome);
        } else if (message instanceof End end && endLogged.isEmpty()) {
            ends(end);
        } else if (message instanceof Command command && command.kind() != Command.Kind.DRAIN && stopReason.isEmpty()) {
            stopReason = Optional.of(command.reason());
        }
        return List.of();
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return List.of();
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        begin(nowMs);
        List<Message> out = new ArrayList<>();
        if (nowMs < settledMs) {
            return out;
        }
        sendAgain(nowMs, out);
        OptionalLong step = nextStep();
        if (step.isPresent()) {
            Batch batch = render(step.getAsLong());
            unseen.put(batch.step(), new Sent<>(batch, nowMs));
            out.add(batch);
        }
        if (endIsDue()) {
            End end = new End(lastStep(), stopReason.orElse(PLANNED));
            endSent = Optional.of(new Sent<>(end, nowMs));
            out.add(end);
        }
        return out;
    }

    @Override
    public long nextDeadlineMs() {
        if (!called || nextStep().isPresent() || endIsDue()) {
            return settledMs;
        }
        long deadlineMs = Long.MAX_VALUE;
        for (Sent<Batch> sent : unseen.values()) {
            deadlineMs = Math.min(deadlineMs, sent.atMs() + setting.resendMs());
        }
        if (endSent.isPresent() && endLogged.isEmpty()) {
            deadlineMs = Math.min(deadlineMs, endSent.get().atMs() + setting.resendMs());
        }
        return Math.max(deadlineMs, settledMs);
    }

    /** Whether the end and every batch before it are in the log, so that nothing is left to do. */
    public boolean finished() {
        return endLogged.isPresent() && unseen.isEmpty() && nextStep().isEmpty();
    }

    public AugmenterStatus status() {
        return new AugmenterStatus(plan.steps(), lastSent(), logged.upTo(), resolved.upTo(), unseen.size(), endLogged);
    }

    private void begin(long nowMs) {
        if (!called) {
            called = true;
            settledMs = nowMs + setting.settleMs();
        }
    }

    private void inLog(long step, long nowMs) {
        boolean own = unseen.remove(step) != null;
        if (logged.add(step) && !own) {
            settledMs = nowMs + setting.settleMs();
        }
    }

    /** Batches before the end in the log belong to the run, even if the augmenter that sent the end had not read them yet. */
    private void ends(End end) {
        endOfRun.end(end);
        long last = endOfRun.lastStep().orElseThrow();
        endLogged = Optional.of(new End(last, end.reason()));
        unseen.tailMap(last + 1).clear();
    }

    private void resolve(Outcome outcome) {
        long step = outcome.step();
        if (resolved.contains(step)) {
            return;
        }
        SortedSet<Integer> parts = partsResolved.computeIfAbsent(step, s -> new TreeSet<>());
        parts.add(outcome.part());
        if (parts.size() >= Math.min(setting.parts(), plan.rows(step))) {
            resolved.add(step);
            partsResolved.remove(step);
        }
    }

    private void sendAgain(long nowMs, List<Message> out) {
        unseen.replaceAll((step, sent) -> {
            if (nowMs - sent.atMs() < setting.resendMs()) {
                return sent;
            }
            out.add(sent.message());
            return new Sent<>(sent.message(), nowMs);
        });
        if (endLogged.isEmpty() && endSent.isPresent() && nowMs - endSent.get().atMs() >= setting.resendMs()) {
            out.add(endSent.get().message());
            endSent = Optional.of(new Sent<>(endSent.get().message(), nowMs));
        }
    }

    /** The first step that may be sent and has not been sent. After a stop, only gaps are filled. */
    private OptionalLong nextStep() {
        long limit = ending() ? lastStep() : Math.min(lastStep(), resolved.upTo() + setting.aheadMax());
        for (long step = logged.upTo() + 1; step <= limit; step++) {
            if (!logged.contains(step) && !unseen.containsKey(step)) {
                return OptionalLong.of(step);
            }
        }
        return OptionalLong.empty();
    }

    /** The end is due right after the last batch is sent; the batch need not be resolved. */
    private boolean endIsDue() {
        return endLogged.isEmpty() && endSent.isEmpty() && nextStep().isEmpty() && lastSent() >= lastStep();
    }

    /** Whether the last step is known to differ from the plan's, or has been announced. */
    private boolean ending() {
        return endLogged.isPresent() || endSent.isPresent() || stopReason.isPresent();
    }

    /** The step after which the run ends, as known so far. */
    private long lastStep() {
        if (endLogged.isPresent()) {
            return endLogged.get().lastStep();
        }
        if (endSent.isPresent()) {
            return endSent.get().message().lastStep();
        }
        return stopReason.isPresent() ? lastSent() : plan.steps();
    }

    private long lastSent() {
        return Math.max(logged.last(), unseen.isEmpty() ? 0 : unseen.lastKey());
    }

    private Batch render(long step) {
        BatchPlan.Planned planned = plan.batch(step);
        List<Digest> digests = new ArrayList<>();
        List<ByteBuffer> pixels = new ArrayList<>();
        for (int slot = 0; slot < planned.recipe().views().size(); slot++) {
            Images images = renderer.render(planned.recipe(), slot);
            digests.add(images.digest());
            if (setting.pixels()) {
                pixels.add(images.pixels());
            }
        }
        return new Batch(
                step,
                planned.epoch(),
                planned.endsEpoch(),
                planned.labels(),
                planned.recipe(),
                digests,
                setting.pixels() ? Optional.of(pixels) : Optional.empty());
    }
}
