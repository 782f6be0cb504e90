package dev.cohort.simulation;

import dev.cohort.distill.Objective;
import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Outcome.Targets;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.simulation.RecordingLearner.Gradient;
import dev.cohort.simulation.RecordingLearner.Update;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Beside every peer a second student that knows nothing but the log and the rules, written a second time and shorter. For each
 * update of the real one it finds the step and the outcome that explain it.
 */
final class ShadowPeers implements Invariant {
    private final LogView log;
    private final Parts parts;
    private final SortedMap<String, Shadow> shadows = new TreeMap<>();
    private Optional<Explanation> latest = Optional.empty();

    /**
     * Why an update is as it is.
     *
     * @param expectedStep the step after the last one this life trained; 0 if it may begin anywhere
     * @param step whose images were trained, 0 if there is no such batch
     * @param outcome position among the outcomes of that step; empty if none explains the gradient
     * @param alone whether the labels alone explain it
     * @param sameWeights whether the weights afterwards are those of the shadow
     */
    record Explanation(
            PeerUpdate update,
            long expectedStep,
            long step,
            Optional<Integer> outcome,
            boolean alone,
            boolean sameWeights) {}

    private static final class Shadow {
        private final Learner learner;
        private final boolean fromHead;
        private long next;

        Shadow(Learner learner, boolean fromHead, long next) {
            this.learner = learner;
            this.fromHead = fromHead;
            this.next = next;
        }
    }

    ShadowPeers(LogView log, Parts parts) {
        this.log = log;
        this.parts = parts;
    }

    /** Why the newest update is as it is. */
    Explanation latest() {
        return latest.orElseThrow();
    }

    @Override
    public void started(PeerProcess peer) {
        Learner learner = parts.learner(peer.plan());
        Optional<Checkpoint> from = peer.from();
        from.ifPresent(checkpoint -> learner.restore(checkpoint.learner()));
        boolean fromHead = peer.plan().role() == PeerPlan.Role.HEAD_NEWCOMER && from.isEmpty();
        shadows.put(
                peer.process().name(),
                new Shadow(learner, fromHead, from.map(Checkpoint::step).orElse(0L) + 1));
    }

    @Override
    public void updated(PeerUpdate update) {
        Shadow shadow =
                Optional.ofNullable(shadows.get(update.peer().process().name())).orElseThrow();
        long expected = shadow.fromHead && shadow.next == 1 ? 0 : shadow.next;
        Optional<Integer> slot = update.peer().slot();
        List<Gradient> gradients = update.update().gradients();
        long step = gradients.size() == 1 && slot.isPresent()
                ? stepOf(gradients.get(0).images(), slot.get(), expected)
                : 0;
        if (step == 0 || slot.isEmpty()) {
            latest = Optional.of(new Explanation(update, expected, 0, Optional.empty(), false, false));
            return;
        }
        shadow.next = step + 1;
        latest = Optional.of(explain(update, shadow, expected, log.batch(step).orElseThrow(), slot.get()));
    }

    private long stepOf(Digest images, int slot, long expected) {
        if (expected > 0 && log.batch(expected).map(b -> b.digest(slot)).equals(Optional.of(images))) {
            return expected;
        }
        return log.batches().values().stream()
                .filter(b -> b.digest(slot).equals(images))
                .mapToLong(Batch::step)
                .findFirst()
                .orElse(0);
    }

    private Explanation explain(PeerUpdate update, Shadow shadow, long expected, Batch batch, int slot) {
        Learner.ForwardPass pass = shadow.learner.forward(parts.renderer().render(batch, slot));
        Update made = update.update();
        Gradient gradient = made.gradients().get(0);
        Objective.Result labels = objective(update.peer().id(), batch, pass, Optional.empty());
        boolean alone = matches(labels, gradient);
        Optional<Integer> explained = Optional.empty();
        List<Outcome> outcomes = log.outcomes(batch.step());
        for (int i = 0; i < outcomes.size() && explained.isEmpty(); i++) {
            Objective.Result result = objective(update.peer().id(), batch, pass, Optional.of(outcomes.get(i)));
            explained = matches(result, gradient) ? Optional.of(i) : Optional.empty();
        }
        shadow.learner.backward(pass, gradient.of());
        shadow.learner.update(parts.learningRate().at(batch.step()));
        boolean same = shadow.learner.weights().equals(made.weights());
        return new Explanation(update, expected, batch.step(), explained, alone, same);
    }

    private static boolean matches(Objective.Result result, Gradient gradient) {
        return result.gradients().equals(gradient.of());
    }

    private Objective.Result objective(PeerId peer, Batch batch, Learner.ForwardPass pass, Optional<Outcome> outcome) {
        NamedTensors published = published(pass.outputs());
        Digest digest = Prediction.digest(published, references(pass.outputs()));
        double labelWeight = 1;
        List<Term> terms = new ArrayList<>();
        Optional<Objective.Place> standing = Optional.empty();
        if (outcome.isPresent() && outcome.get().resolution() instanceof Targets targets) {
            labelWeight = targets.labelWeight();
            terms.addAll(targets.terms());
            List<Outcome.Contributor> contributors = outcome.get().contributors();
            for (int i = 0; i < contributors.size(); i++) {
                if (contributors.get(i).peer().equals(peer)
                        && contributors.get(i).tensors().equals(digest)) {
                    standing = Optional.of(new Objective.Place(i, contributors.size()));
                    targets.addressed().stream()
                            .filter(part -> part.peer().equals(peer))
                            .flatMap(part -> log.addressed(part).flatMap(log::terms).orElseThrow().stream())
                            .forEach(terms::add);
                }
            }
        }
        return Objective.of(
                batch.labels(), labelWeight, terms, pass.outputs().tensors(), published, standing, DType.FLOAT64);
    }

    private SortedMap<String, TensorReference> references(Learner.Outputs outputs) {
        SortedMap<String, TensorReference> references = new TreeMap<>();
        parts.teacher().reads().stream()
                .filter(read -> read.startsWith(TensorName.MAP))
                .forEach(name -> references.put(
                        name, TensorReference.of(outputs.tensors().get(name).as(DType.FLOAT32))));
        return references;
    }

    private NamedTensors published(Learner.Outputs outputs) {
        NamedTensors tensors =
                NamedTensors.of(TensorName.LOGITS, outputs.logits().as(DType.FLOAT32));
        return parts.teacher().reads().contains(TensorName.FEATURES)
                ? tensors.with(TensorName.FEATURES, outputs.features().as(DType.FLOAT32))
                : tensors;
    }
}
