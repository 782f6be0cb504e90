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
 * Everything an experiment file says. The names of components are those of the keys, in camel case.
 *
 * @param kafka client settings besides the bootstrap address, handed to the Kafka clients as they are
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
     * @param validation share of the training data held out, 0..1; empty when it is left to what the method needs
     */
    public record Data(String name, Optional<String> path, Delivery mode, OptionalDouble validation) {
        /** What crosses the wire: the recipe or the pixels. */
        public enum Delivery {
            RECIPE,
            PIXELS
        }
    }

    /** @param perPeer own crop and flip of the same images for every slot */
    public record Augment(int cropPadding, boolean flip, boolean perPeer) {}

    /**
     * @param alpha of Beta(alpha, alpha) from which the weight of the own image is drawn
     * @param probability with which a batch is mixed at all
     * @param n boxes of {@link Mixing#CUTMIX_MULTI}
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
     * A method by name and its parameters, each a number, a boolean or a word, as the method itself declares them.
     *
     * @param parameters what the experiment says; what it leaves out has the method's default
     */
    public record Method(String name, Map<String, String> parameters) {
        public Method {
            parameters = java.util.Collections.unmodifiableMap(new TreeMap<>(parameters));
        }
    }

    /** SGD; {@code w -= lr * v}, {@code v = momentum * v + gradient + weightDecay * w} as PyTorch does it. */
    public record Optimizer(
            double learningRate, double momentum, boolean nesterov, double weightDecay, Schedule schedule) {}

    /**
     * How the learning rate follows the global step.
     *
     * @param milestones STEP: epochs (0-based) from which on the rate is multiplied by {@code gamma} once more
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
     * @param control trains on the same batches with labels only
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

    /** See DESIGN: pace. All times in milliseconds. */
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
     * @param max slots, thus the most contributors ever present
     * @param lag how far a contributor may be behind
     */
    public record Elastic(int min, int max, long cooldownMs, long admitAfterSteps, double admitAccuracyRatio, Lag lag) {
        /** One in which a contributor may be behind as far as it likes. */
        public Elastic(int min, int max, long cooldownMs, long admitAfterSteps, double admitAccuracyRatio) {
            this(min, max, cooldownMs, admitAfterSteps, admitAccuracyRatio, Lag.UNLIMITED);
        }

        /**
         * @param maxSteps a contributor may be behind the outcomes; 0 for any number
         * @param policy what happens when it is further behind
         */
        public record Lag(long maxSteps, OnLag policy) {
            public static final Lag UNLIMITED = new Lag(0, OnLag.PACE);
        }

        /** What happens when a contributor is too far behind. */
        public enum OnLag {
            /** The others wait for it, as long as it goes on. */
            PACE,
            /** It is neither averaged nor waited for until it has caught up. */
            EXCLUDE
        }
    }

    /** Element types on the wire. */
    public record Wire(DType logits, DType features) {}

    /**
     * What is put on record beyond what training needs.
     *
     * @param checkpointSteps after how many steps a peer keeps a checkpoint, besides those at the ends of epochs; 0 for those alone
     * @param checkpointsKept newest checkpoints between epochs that a peer keeps; those of epochs and the best one stay
     * @param snapshotSteps after how many steps the coordinator keeps a snapshot of a trained teacher; 0 for never
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

    /** @param bootstrap host:port, empty for the embedded broker */
    public record Kafka(Optional<String> bootstrap, int replication, Map<String, String> client) {
        public Kafka {
            client = java.util.Collections.unmodifiableMap(new TreeMap<>(client));
        }
    }

    /** @param torchPerPeer empty = as many as the cores allow, at least 1 */
    public record Threads(OptionalInt torchPerPeer) {}
}
