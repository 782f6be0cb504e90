package dev.cohort.experiment;

import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The content of an experiment file. Components are named as the keys, in camel case.
 */
public record Experiment(
        Run run,
        Data data,
        Augment augment,
        Mix mix,
        Method method,
        Optimizer optimizer,
        List<Peer> peers,
        Pace pace,
        Elastic elastic,
        Wire wire,
        Recording recording,
        Kafka kafka,
        Threads threads) {

    public Experiment {
        peers = List.copyOf(peers);
    }

    /** Peers that may contribute to the teacher, in the order of their slots. */
    public List<Peer> contributors() {
        return peers.stream().filter(p -> !p.control()).toList();
    }

    public Experiment withRun(Run other) {
        return new Experiment(
                other, data, augment, mix, method, optimizer, peers, pace, elastic, wire, recording, kafka, threads);
    }

    public Experiment withData(Data other) {
        return new Experiment(
                run, other, augment, mix, method, optimizer, peers, pace, elastic, wire, recording, kafka, threads);
    }

    public Experiment withMethod(Method other) {
        return new Experiment(
                run, data, augment, mix, other, optimizer, peers, pace, elastic, wire, recording, kafka, threads);
    }

    public Experiment withPeers(List<Peer> other) {
        return new Experiment(
                run, data, augment, mix, method, optimizer, other, pace, elastic, wire, recording, kafka, threads);
    }

    public Experiment withKafka(Kafka other) {
        return new Experiment(
                run, data, augment, mix, method, optimizer, peers, pace, elastic, wire, recording, other, threads);
    }

    public Experiment withThreads(Threads other) {
        return new Experiment(
                run, data, augment, mix, method, optimizer, peers, pace, elastic, wire, recording, kafka, other);
    }

    /** {@code epochs} or {@code steps}: exactly one is present. */
    public record Run(String name, long seed, OptionalInt epochs, OptionalLong steps, int batchSize) {}

    /**
     * @param name kind of data: fashion-mnist, cifar10, cifar100, imagefolder or idx
     * @param path folder; empty only for the built-in data
     * @param validation share of the training data held out, 0..1; empty = chosen by what the method needs
     */
    public record Data(String name, Optional<String> path, Delivery mode, OptionalDouble validation) {
        /** What a batch carries: the recipe or the pixels. */
        public enum Delivery {
            RECIPE,
            PIXELS
        }
    }

    /** @param perPeer whether every slot has its own crop and flip of the same images */
    public record Augment(int cropPadding, boolean flip, boolean perPeer) {}

    /**
     * @param alpha parameter of Beta(alpha, alpha), from which the weight of the row's own image is drawn
     * @param probability probability that a batch is mixed
     * @param n number of boxes of {@link Mixing#CUTMIX_MULTI}
     */
    public record Mix(Mixing kind, double alpha, double probability, int n) {
        /** How images are mixed. */
        public enum Mixing {
            NONE,
            MIXUP,
            CUTMIX,
            CUTMIX_PER_PEER,
            CUTMIX_MULTI
        }
    }

    /**
     * A method by name and its parameters, each a number, a boolean, a word or a list, as declared by the method.
     *
     * @param parameters those in the file; the others have the method's defaults
     */
    public record Method(String name, Map<String, String> parameters) {
        /** The parameter that a file may hold as a list: its value is the items, with {@link #SEPARATOR} between them. */
        public static final String LIST = "pairs";

        public static final String SEPARATOR = "; ";

        public Method {
            parameters = java.util.Collections.unmodifiableMap(new TreeMap<>(parameters));
        }
    }

    /** How students, and what a teacher trains, are updated. */
    public record Optimizer(double learningRate, Schedule schedule, WeightUpdate update) {
        /** SGD without a limit of gradients and without an average of weights. */
        public Optimizer(
                double learningRate, double momentum, boolean nesterov, double weightDecay, Schedule schedule) {
            this(learningRate, schedule, WeightUpdate.sgd(momentum, nesterov, weightDecay));
        }
    }

    /**
     * How the learning rate follows the global step.
     *
     * @param milestones STEP: epochs (0-based) at which the rate is multiplied by {@code gamma} once more
     * @param warmupEpochs linear rise from 0 over the first epochs
     */
    public record Schedule(Shape kind, List<Double> milestones, double gamma, double warmupEpochs) {
        public Schedule {
            milestones = List.copyOf(milestones);
        }

        /** Course of the learning rate. */
        public enum Shape {
            CONSTANT,
            STEP,
            COSINE
        }
    }

    /**
     * @param device auto, cpu or cuda:N
     * @param seed of the initial weights
     * @param control whether it trains on the same batches with labels only
     */
    public record Peer(PeerId id, String model, String device, long seed, boolean control, OwnNetwork own) {
        /** With a built-in network. */
        public Peer(PeerId id, String model, String device, long seed, boolean control) {
            this(id, model, device, seed, control, OwnNetwork.NONE);
        }

        /** Whether its network runs in a process of its own. */
        public boolean hasOwnNetwork() {
            return OwnNetwork.isNamedBy(model);
        }

        public Peer with(String otherModel, OwnNetwork other) {
            return new Peer(id, otherModel, device, seed, control, other);
        }
    }

    /**
     * When a step is complete and how far peers may run ahead.
     *
     * @param k of {@link Mode#PIPELINED}, which is not built yet
     * @param parts of {@link Mode#INTERLEAVED}, which is not built yet
     * @param prefetch batches that the augmenter publishes beyond those in flight
     * @param quorum number of contributors that a step waits for under {@link Completion#QUORUM}
     * @param goneAfterMs time without a heartbeat after which a peer is lost
     * @param deadlineMs how long a step waits for a peer that is alive
     * @param evaluationMs how long it waits while the peer evaluates
     * @param startMs how long the first step waits for the peers to join
     */
    public record Pace(
            Mode mode,
            int k,
            int parts,
            int prefetch,
            Completion completion,
            int quorum,
            long goneAfterMs,
            long deadlineMs,
            long evaluationMs,
            long startMs,
            OnLoss onLoss) {
        /** How far forward passes may run ahead of outcomes. */
        public enum Mode {
            STRICT,
            INTERLEAVED,
            PIPELINED,
            FREE
        }

        /** When a step is complete. */
        public enum Completion {
            ALL,
            QUORUM
        }

        /** What happens when a contributor is lost. */
        public enum OnLoss {
            DROP,
            HOLD
        }
    }

    /**
     * @param max number of slots, thus the largest number of contributors
     * @param lag how far a contributor may fall behind
     */
    public record Elastic(int min, int max, long cooldownMs, long admitAfterSteps, double admitAccuracyRatio, Lag lag) {
        /** With an unlimited lag. */
        public Elastic(int min, int max, long cooldownMs, long admitAfterSteps, double admitAccuracyRatio) {
            this(min, max, cooldownMs, admitAfterSteps, admitAccuracyRatio, Lag.UNLIMITED);
        }

        /**
         * @param maxSteps steps that a contributor may be behind the outcomes; 0 = unlimited
         * @param policy what happens to a contributor that is further behind
         */
        public record Lag(long maxSteps, OnLag policy) {
            public static final Lag UNLIMITED = new Lag(0, OnLag.PACE);
        }

        /** What happens when a contributor is too far behind. */
        public enum OnLag {
            /** The others wait for it, as long as it makes progress. */
            PACE,
            /** It is neither averaged nor waited for until it has caught up. */
            EXCLUDE
        }
    }

    /**
     * Element types on the wire.
     *
     * @param maps of feature maps
     * @param mapsKeptMebibytes how much of each partition of the feature maps, and of their gradients, the log keeps
     */
    public record Wire(DType logits, DType features, DType maps, int mapsKeptMebibytes) {
        public static final int MAPS_KEPT_MEBIBYTES = 1024;

        /** With feature maps in binary32, of which the default amount is kept. */
        public Wire(DType logits, DType features) {
            this(logits, features, DType.FLOAT32, MAPS_KEPT_MEBIBYTES);
        }
    }

    /**
     * What is recorded beyond what training needs.
     *
     * @param checkpointSteps steps between a peer's checkpoints within an epoch; 0 = only at the ends of epochs
     * @param checkpointsKept how many checkpoints within epochs a peer keeps, the newest; those at ends of epochs and the best
     *     one are always kept
     * @param snapshotSteps steps between the coordinator's snapshots of a trained teacher; 0 = never
     */
    public record Recording(
            Features features,
            boolean evaluationLogits,
            long checkpointSteps,
            int checkpointsKept,
            long snapshotSteps) {
        /** Whether peers publish pooled features. */
        public enum Features {
            NEEDED,
            ALWAYS,
            NEVER
        }
    }

    /**
     * @param bootstrap HOST:PORT, empty for the embedded broker
     * @param client further settings, passed to the Kafka clients unchanged
     */
    public record Kafka(Optional<String> bootstrap, int replication, Map<String, String> client) {
        public Kafka {
            client = java.util.Collections.unmodifiableMap(new TreeMap<>(client));
        }
    }

    /** @param torchPerPeer PyTorch threads of a peer; empty = as many as the cores allow, at least 1 */
    public record Threads(OptionalInt torchPerPeer) {}
}
