package dev.cohort.protocol;

import dev.cohort.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a peer needs of the experiment, as numbers and names: a peer of another program need not read its YAML. Derived from the
 * experiment and part of no digest. The peers of Cohort read the experiment.
 */
public record Settings(
        Batches batches, Seats seats, Published published, Optimizer optimizer, OwnTeacher ownTeacher, Pace pace) {
    /**
     * The batches of the run.
     *
     * @param batchSize rows of a batch; the last one of an epoch may have fewer
     * @param pixels whether batches carry their pixels, so that a peer needs no data
     * @param validation share of the training images of each class that is held out, 0..1
     */
    public record Batches(long seed, int batchSize, long stepsPerEpoch, boolean pixels, double validation) {
        public Batches {
            Sayable.between(1, Limits.DEFAULT.rowsMax(), batchSize, "batch size");
            Sayable.atLeast(1, stepsPerEpoch, "steps per epoch");
            Sayable.share(validation, "share of validation images");
        }
    }

    /**
     * Who takes part.
     *
     * @param contributors that the experiment names, in the order of their slots
     * @param observers that the experiment names
     * @param slots number of slots
     * @param contributorsMin fewer contributors pause the run
     * @param cooldownMs how long a peer that was set aside must wait before it joins again
     */
    public record Seats(
            List<PeerId> contributors,
            List<PeerId> observers,
            int slots,
            int contributorsMin,
            long admitAfterSteps,
            double admitAccuracyRatio,
            long cooldownMs) {
        public Seats {
            contributors = List.copyOf(contributors);
            observers = List.copyOf(observers);
            Sayable.count(Limits.DEFAULT.slotsMax(), contributors, "named contributors");
            Sayable.count(Limits.DEFAULT.slotsMax(), observers, "named observers");
            Sayable.between(1, Limits.DEFAULT.slotsMax(), slots, "slots");
            Sayable.atLeast(0, contributorsMin, "least contributors");
            Sayable.atLeast(0, admitAfterSteps, "steps before an admission");
            Sayable.notNegative(admitAccuracyRatio, "accuracy ratio of an admission");
            Sayable.atLeast(0, cooldownMs, "cooldown");
        }
    }

    /**
     * What peers publish.
     *
     * @param method its name, for people
     * @param distils whether peers learn from targets; if not, all of them observe
     * @param tensors of a contributor's prediction besides the logits
     * @param logits element type of logits
     * @param features element type of features
     * @param maps element type of feature maps
     * @param evaluationLogits whether evaluations carry the logits on the test images
     */
    public record Published(
            String method,
            boolean distils,
            List<String> tensors,
            DType logits,
            DType features,
            DType maps,
            boolean evaluationLogits) {
        public Published {
            tensors = List.copyOf(tensors);
            Sayable.name(method, "method");
            Sayable.count(Limits.DEFAULT.tensorsMax(), tensors, "published tensors");
            tensors.forEach(tensor -> Sayable.name(tensor, "published tensor"));
        }
    }

    /**
     * How a student's weights change at each update; fields of another rule are 0.
     *
     * @param rule {@code sgd} or {@code adamw}
     * @param clipNorm largest norm of all gradients together
     * @param averageDecay largest decay of the average of the weights that is evaluated
     */
    public record Optimizer(
            String rule,
            double weightDecay,
            double momentum,
            boolean nesterov,
            double beta1,
            double beta2,
            double epsilon,
            OptionalDouble clipNorm,
            OptionalDouble averageDecay,
            Rate rate) {
        public Optimizer {
            Sayable.name(rule, "update rule");
            for (double value : new double[] {weightDecay, momentum, beta1, beta2, epsilon}) {
                Sayable.notNegative(value, "setting of update rule " + rule);
            }
            clipNorm.ifPresent(norm -> Sayable.positive(norm, "largest norm"));
            averageDecay.ifPresent(decay -> Sayable.share(decay, "decay of the average"));
        }
    }

    /**
     * The learning rate by step, see {@code LearningRate}.
     *
     * @param base rate
     * @param schedule {@code constant}, {@code step} or {@code cosine}
     */
    public record Rate(double base, String schedule, List<Double> milestones, double gamma, double warmupEpochs) {
        public Rate {
            milestones = List.copyOf(milestones);
            Sayable.notNegative(base, "learning rate");
            Sayable.name(schedule, "schedule");
            milestones.forEach(milestone -> Sayable.notNegative(milestone, "milestone"));
            Sayable.notNegative(gamma, "gamma");
            Sayable.notNegative(warmupEpochs, "epochs of warm-up");
        }
    }

    /**
     * The network that a student runs beside itself; fields of another kind are 0.
     *
     * @param kind {@code none}, {@code average}, {@code stale}, {@code others}, {@code branches} or {@code frozen}
     */
    public record OwnTeacher(String kind, double decayMax, long everySteps, double temperature, int branches) {
        public OwnTeacher {
            Sayable.name(kind, "kind of the own teacher");
            Sayable.share(decayMax, "decay of the own teacher");
            Sayable.atLeast(0, everySteps, "steps of the own teacher");
            Sayable.notNegative(temperature, "temperature of the own teacher");
            Sayable.atLeast(0, branches, "branches");
        }
    }

    /** Intervals and limits of time. */
    public record Pace(
            long goneAfterMs,
            long deadlineMs,
            long evaluationMs,
            long heartbeatMs,
            long resendMs,
            long checkpointSteps) {
        public Pace {
            for (long value :
                    new long[] {goneAfterMs, deadlineMs, evaluationMs, heartbeatMs, resendMs, checkpointSteps}) {
                Sayable.atLeast(0, value, "interval");
            }
        }
    }
}
