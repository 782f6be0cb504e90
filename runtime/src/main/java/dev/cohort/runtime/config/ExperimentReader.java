package dev.cohort.runtime.config;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Augment;
import dev.cohort.experiment.Experiment.Data;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Kafka;
import dev.cohort.experiment.Experiment.Method;
import dev.cohort.experiment.Experiment.Mix;
import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.experiment.Experiment.Peer;
import dev.cohort.experiment.Experiment.Recording;
import dev.cohort.experiment.Experiment.Run;
import dev.cohort.experiment.Experiment.Schedule;
import dev.cohort.experiment.Experiment.Threads;
import dev.cohort.experiment.Experiment.Wire;
import dev.cohort.experiment.Problems;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.Limits;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.ClientRules;
import dev.cohort.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads an experiment from a tree: every key, its type, range and default, section by section in the order of the file. */
final class ExperimentReader {
    /** Slots, thus contributors: each costs parameters of the teacher and a partition. */
    private static final int SLOTS_MAX = Limits.DEFAULT.slotsMax();

    private static final int ROWS_MAX = Limits.DEFAULT.rowsMax();
    /** More than thirty years; adding it to a Unix time does not overflow. */
    private static final int MEBIBYTES_MAX = 1 << 20;

    private static final long MILLIS_MAX = 1_000_000_000_000L;

    private static final int DEFAULT_SLOTS = 8;
    private static final int DEFAULT_EPOCHS = 1;
    private static final String EMBEDDED = "embedded";
    /** Stands in for a missing method, after the problem has been added. */
    private static final String SOME_METHOD = "mean_logit";

    private static final Pattern RUN_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,47}");
    /** Every setting of the Kafka clients has a dot or is one of these, so a mistyped key of Cohort is still found. */
    private static final Pattern CLIENT_SETTING = Pattern.compile(".*\\..*|acks|retries");

    private static final Pattern ANY_KEY = Pattern.compile(".*", Pattern.DOTALL);
    private static final String SGD = "sgd";
    private static final String ADAMW = "adamw";
    private static final List<String> SGD_KEYS = List.of("momentum", "nesterov");
    private static final List<String> ADAMW_KEYS = List.of("beta1", "beta2", "epsilon");
    static final Tree SGD_NAME = new Tree.Leaf(SGD, false);
    /** Keys of the optimizer that one rule alone has, or whose values have another scale with the other rule. */
    static final List<String> OF_ONE_RULE = Stream.of(SGD_KEYS, ADAMW_KEYS, List.of("learning_rate", "weight_decay"))
            .flatMap(List::stream)
            .toList();

    private static final List<String> FLOAT_WORDS = List.of("fp16", "fp32", "fp64");

    private final Section root;
    private final Problems problems;

    private ExperimentReader(Section root, Problems problems) {
        this.root = root;
        this.problems = problems;
    }

    static Experiment read(Tree.Branch tree, Problems problems) {
        return new ExperimentReader(Section.root(tree, problems), problems).experiment();
    }

    private Experiment experiment() {
        Run run = run(root.section("run"));
        Data data = data(root.section("data"));
        Augment augment = augment(root.section("augment"));
        Mix mix = mix(root.section("mix"));
        Method method = method(root.section("method"));
        Optimizer optimizer = optimizer(root.section("optimizer"));
        List<Peer> peers = PeerReader.read(root, run.seed(), problems);
        int contributors = (int) peers.stream().filter(peer -> !peer.control()).count();
        Pace pace = pace(root.section("pace"), contributors);
        Elastic elastic = elastic(root.section("elastic"), contributors);
        Wire wire = wire(root.section("wire"));
        Recording recording = recording(root.section("record"));
        Kafka kafka = kafka(root.section("kafka"));
        Threads threads = threads(root.section("threads"));
        root.close();
        return new Experiment(
                run, data, augment, mix, method, optimizer, peers, pace, elastic, wire, recording, kafka, threads);
    }

    private Run run(Section s) {
        String name = s.text("name", RUN_NAME, "1 to 48 of A-Z a-z 0-9 . _ - and start with a letter or digit")
                .orElse("experiment");
        long seed = s.whole("seed", 1, Long.MIN_VALUE / 2000, Long.MAX_VALUE / 2000);
        OptionalLong epochs = s.wholeIfPresent("epochs", 1, 1_000_000);
        OptionalLong steps = s.wholeIfPresent("steps", 1, Long.MAX_VALUE);
        int batchSize = s.whole("batch_size", 128, 1, ROWS_MAX);
        if (s.usable() && s.has("epochs") == s.has("steps")) {
            problems.require(
                    false,
                    "run",
                    s.has("epochs") ? "both epochs and steps" : "neither epochs nor steps",
                    "one of the two: how long to train");
        }
        s.close();
        return steps.isPresent()
                ? new Run(name, seed, OptionalInt.empty(), steps, batchSize)
                : new Run(
                        name,
                        seed,
                        OptionalInt.of((int) epochs.orElse(DEFAULT_EPOCHS)),
                        OptionalLong.empty(),
                        batchSize);
    }

    private Data data(Section s) {
        Data data = new Data(
                s.text("name").orElse("fashion-mnist"),
                s.text("path"),
                s.choice("mode", Data.Delivery.RECIPE, Data.Delivery.values()),
                s.numberIfPresent("validation", NumberRange.BELOW_ONE));
        s.close();
        return data;
    }

    private Augment augment(Section s) {
        Augment augment =
                new Augment(s.whole("crop_padding", 4, 0, 1024), s.flag("flip", true), s.flag("per_peer", false));
        s.close();
        return augment;
    }

    private Mix mix(Section s) {
        Mix mix = new Mix(
                s.choice("kind", Mix.Mixing.NONE, Mix.Mixing.values()),
                s.number("alpha", 1, NumberRange.POSITIVE),
                s.number("probability", 0.5, NumberRange.SHARE),
                s.whole("n", 2, 1, 16));
        s.close();
        return mix;
    }

    private Method method(Section s) {
        Optional<String> name = s.text("name");
        if (name.isEmpty()) {
            problems.require(!s.usable(), s.at("name"), "missing", "the name of a method, for example one");
            return new Method(SOME_METHOD, Map.of());
        }
        Map<String, String> parameters = new TreeMap<>();
        s.texts(Method.LIST).ifPresent(items -> parameters.put(Method.LIST, String.join(Method.SEPARATOR, items)));
        parameters.putAll(s.remaining(ANY_KEY));
        Method method = new Method(name.get(), parameters);
        s.close();
        return method;
    }

    private Optimizer optimizer(Section s) {
        boolean adamW = s.choice("name", SGD, Map.of(SGD, SGD, ADAMW, ADAMW), List.of(SGD, ADAMW))
                .equals(ADAMW);
        foreign(s, adamW);
        Optimizer optimizer = new Optimizer(
                s.number("learning_rate", adamW ? 0.001 : 0.1, NumberRange.POSITIVE),
                schedule(s.section("schedule")),
                new WeightUpdate(
                        adamW ? adamW(s) : sgd(s),
                        s.number("weight_decay", adamW ? 0.01 : 1e-4, NumberRange.NOT_NEGATIVE),
                        s.numberIfPresent("clip_norm", NumberRange.POSITIVE),
                        s.numberIfPresent("average_decay", NumberRange.BELOW_ONE)));
        s.close();
        return optimizer;
    }

    /** Refuses the keys of the other rule: with it the learning rate, too, has another scale. */
    private void foreign(Section s, boolean adamW) {
        for (String key : adamW ? SGD_KEYS : ADAMW_KEYS) {
            problems.require(
                    !s.has(key),
                    s.at(key),
                    "a setting of " + (adamW ? SGD : ADAMW),
                    "left out, since optimizer.name is " + (adamW ? ADAMW : SGD));
        }
    }

    private UpdateRule sgd(Section s) {
        double momentum = s.number("momentum", 0.9, NumberRange.BELOW_ONE);
        boolean nesterov = s.flag("nesterov", false);
        problems.require(!nesterov || momentum > 0, s.at("nesterov"), true, "false when momentum is 0");
        return new UpdateRule.Sgd(momentum, nesterov && momentum > 0);
    }

    private UpdateRule adamW(Section s) {
        return new UpdateRule.AdamW(
                s.number("beta1", 0.9, NumberRange.BELOW_ONE),
                s.number("beta2", 0.999, NumberRange.BELOW_ONE),
                s.number("epsilon", 1e-8, NumberRange.POSITIVE));
    }

    private Schedule schedule(Section s) {
        Schedule.Shape kind = s.choice("kind", Schedule.Shape.CONSTANT, Schedule.Shape.values());
        List<Double> milestones = s.numbers("milestones", NumberRange.NOT_NEGATIVE);
        problems.require(
                kind != Schedule.Shape.STEP || s.has("milestones"),
                s.at("milestones"),
                "missing",
                "a list of epochs, since the kind is step");
        problems.require(
                milestones.equals(milestones.stream().sorted().toList()), s.at("milestones"), milestones, "ascending");
        Schedule schedule = new Schedule(
                kind,
                milestones,
                s.number("gamma", 0.1, NumberRange.POSITIVE),
                s.number("warmup_epochs", 0, NumberRange.NOT_NEGATIVE));
        s.close();
        return schedule;
    }

    private Pace pace(Section s, int contributors) {
        int quorum = s.whole("quorum", 2, 1, SLOTS_MAX);
        Pace.Completion completion = s.choice("completion", Pace.Completion.ALL, Pace.Completion.values());
        if (completion == Pace.Completion.QUORUM && contributors > 0) {
            problems.require(
                    quorum <= contributors, s.at("quorum"), quorum, "at most " + contributors + ", the contributors");
        }
        Pace pace = new Pace(
                s.choice("mode", Pace.Mode.STRICT, Pace.Mode.values()),
                s.whole("k", 2, 1, 1024),
                s.whole("parts", 2, 1, 1024),
                s.whole("prefetch", 2, 0, 1024),
                completion,
                quorum,
                s.whole("gone_after_ms", 3_000L, 1_000, MILLIS_MAX),
                s.whole("deadline_ms", 30_000L, 1, MILLIS_MAX),
                s.whole("evaluation_ms", 600_000L, 1, MILLIS_MAX),
                s.whole("start_ms", 120_000L, 1, MILLIS_MAX),
                s.choice("on_loss", Pace.OnLoss.DROP, Pace.OnLoss.values()));
        s.close();
        return pace;
    }

    private Elastic elastic(Section s, int contributors) {
        int max = s.whole("max", Math.max(DEFAULT_SLOTS, contributors), 1, SLOTS_MAX);
        int min = s.whole("min", Math.max(1, Math.min(2, Math.min(contributors, max))), 1, SLOTS_MAX);
        problems.require(min <= max, s.at("min"), min, "at most " + max + ", which is " + s.at("max"));
        problems.require(
                contributors <= SLOTS_MAX, "peers", contributors, "at most " + SLOTS_MAX + " that are not control");
        problems.require(contributors <= max, s.at("max"), max, "at least " + contributors + ", the contributors");
        Section admit = s.section("admit");
        Elastic elastic = new Elastic(
                min,
                max,
                s.whole("cooldown_ms", 5_000L, 0, MILLIS_MAX),
                admit.whole("after_steps", 0L, 0, Long.MAX_VALUE),
                admit.number("accuracy_ratio", 0.8, NumberRange.SHARE),
                new Elastic.Lag(
                        s.whole("lag_max_steps", 0L, 0, Long.MAX_VALUE),
                        s.choice("on_lag", Elastic.OnLag.PACE, Elastic.OnLag.values())));
        admit.close();
        s.close();
        return elastic;
    }

    private Wire wire(Section s) {
        Map<String, DType> types = new TreeMap<>();
        types.put("fp16", DType.FLOAT16);
        types.put("fp32", DType.FLOAT32);
        types.put("fp64", DType.FLOAT64);
        Wire wire = new Wire(
                s.choice("logits", DType.FLOAT32, types, FLOAT_WORDS),
                s.choice("features", DType.FLOAT32, types, FLOAT_WORDS),
                s.choice("maps", DType.FLOAT32, types, FLOAT_WORDS),
                s.whole("maps_kept_mebibytes", Wire.MAPS_KEPT_MEBIBYTES, 16, MEBIBYTES_MAX));
        s.close();
        return wire;
    }

    private Recording recording(Section s) {
        Recording recording = new Recording(
                s.choice("features", Recording.Features.NEEDED, Recording.Features.values()),
                s.flag("evaluation_logits", true),
                s.whole("checkpoint_steps", 200L, 0, Long.MAX_VALUE),
                s.whole("checkpoints_kept", 3, 1, 1000),
                s.whole("snapshot_steps", 200L, 0, Long.MAX_VALUE));
        s.close();
        return recording;
    }

    private Kafka kafka(Section s) {
        String bootstrap = s.text("bootstrap").orElse(EMBEDDED);
        if (!bootstrap.equals(EMBEDDED)) {
            try {
                HostPort.parseServers(s.at("bootstrap"), bootstrap);
            } catch (IllegalArgumentException e) {
                problems.require(
                        false, s.at("bootstrap"), bootstrap, "embedded or HOST:PORT, for example localhost:9092");
            }
        }
        int replication = s.whole("replication", 1, 1, 16);
        Map<String, String> client = s.remaining(CLIENT_SETTING);
        client.forEach(
                (key, value) -> ClientRules.objection(key, value).ifPresent(why -> problems.add(s.at(key), why)));
        s.close();
        return new Kafka(bootstrap.equals(EMBEDDED) ? Optional.empty() : Optional.of(bootstrap), replication, client);
    }

    private Threads threads(Section s) {
        OptionalLong torch = s.isWord("torch_per_peer", "auto")
                ? OptionalLong.empty()
                : s.wholeIfPresent("torch_per_peer", 1, 1024, "auto or a whole number from 1 to 1024");
        s.close();
        return new Threads(torch.isPresent() ? OptionalInt.of((int) torch.getAsLong()) : OptionalInt.empty());
    }
}
