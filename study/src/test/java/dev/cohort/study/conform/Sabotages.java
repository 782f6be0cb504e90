package dev.cohort.study.conform;

import static dev.cohort.study.conform.GoodPeer.SELF;
import static dev.cohort.study.conform.GoodPeer.STEPS;
import static dev.cohort.study.conform.GoodPeer.said;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog.Said;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Runs in which a peer breaks one rule, and runs in which it keeps it. */
final class Sabotages {
    private Sabotages() {}

    /**
     * Two runs that differ in one thing.
     *
     * @param rules that the second run breaks, and no other
     * @param kept records in which the peer does right; the good run, where that shows the rule
     */
    record Sabotage(List<String> rules, List<Said> kept, List<Said> broken) {
        @Override
        public String toString() {
            return rules.toString();
        }
    }

    private static Sabotage sabotage(String rule, List<Said> broken) {
        return new Sabotage(List.of(rule), GoodPeer.run(), broken);
    }

    static Stream<Sabotage> all() {
        return Stream.of(records(), seat(), predictions(), reports(), leaving()).flatMap(Function.identity());
    }

    private static Stream<Sabotage> records() {
        return Stream.of(
                sabotage("sender", with(Evaluation.class, record -> from("somebody", record))),
                sabotage("topics", with(Evaluation.class, record -> on(Topic.MEMBERS, 0, record))),
                sabotage(
                        "partition",
                        with(
                                Prediction.class,
                                record -> on(
                                        Topic.PREDICTIONS,
                                        (GoodPeer.OWN_PARTITION + 1) % GoodPeer.PARTITIONS,
                                        record))),
                sabotage("silent-after-left", plus(SELF.value(), new Draining(SELF, 1, STEPS, "too late"))));
    }

    private static Stream<Sabotage> seat() {
        Joining late = GoodPeer.joining(1, 0);
        List<Said> kept = plus(SELF.value(), GoodPeer.joining(2, STEPS));
        Said first = GoodPeer.run().get(0);
        return Stream.of(
                sabotage(
                        "data",
                        with(
                                Joining.class,
                                record -> saying(
                                        new Joining(SELF, 1, "mine", "cpu", false, 32, 0, GoodPeer.digest(1), 1),
                                        record))),
                sabotage(
                        "joins-first",
                        Stream.concat(GoodPeer.run().stream().skip(1), Stream.of(said(SELF.value(), late, 1_650)))
                                .sorted(java.util.Comparator.comparingLong(Said::appendedMs))
                                .toList()),
                sabotage(
                        "joins-until-answered",
                        inserted(
                                said(SELF.value(), late, 30_000), GoodPeer.run().size() - 1)),
                new Sabotage(List.of("incarnations", "silent-after-left"), GoodPeer.run(), plus(SELF.value(), late)),
                new Sabotage(List.of("restart"), kept, plus(SELF.value(), GoodPeer.joining(2, STEPS + 1L))),
                sabotage(
                        "heartbeat-progress",
                        inserted(said(SELF.value(), GoodPeer.heartbeat(1, STEPS + 5L), first.appendedMs() + 150), 2)),
                sabotage("heartbeats", silent()),
                sabotage("heartbeats", neverBeating()));
    }

    private static Stream<Sabotage> predictions() {
        Prediction second = GoodPeer.prediction(1, 2);
        NamedTensors narrow = NamedTensors.of("logits", Tensor.of(DType.FLOAT32, new double[] {1, 2}, 2, 1));
        return Stream.of(
                sabotage("batch-first", moved(Batch.class, 2, 1)),
                // Its heartbeat then names a step whose outcome is not there, too.
                new Sabotage(
                        List.of("heartbeat-progress", "one-open-step"), GoodPeer.run(), moved(Outcome.class, 2, 2)),
                sabotage("steps-in-order", firstStepLast()),
                sabotage(
                        "version",
                        predicting(p -> new Prediction(
                                p.step(), 0, SELF, 1, p.step(), p.tensors(), p.rendered(), p.previous()))),
                sabotage(
                        "part",
                        predicting(p -> new Prediction(
                                p.step(), 1, SELF, 1, p.version(), p.tensors(), p.rendered(), p.previous()))),
                sabotage(
                        "tensors",
                        predicting(p -> GoodPeer.prediction(1, p.step(), narrow, p.rendered(), Optional.empty()))),
                // The outcomes name other tensors, so that it was no contributor.
                new Sabotage(
                        List.of("loss", "types"),
                        GoodPeer.run(),
                        predicting(p -> GoodPeer.prediction(1, p.step(), half(p), p.rendered(), p.previous()))),
                sabotage(
                        "pictures",
                        predicting(
                                p -> GoodPeer.prediction(1, p.step(), p.tensors(), GoodPeer.digest(40), p.previous()))),
                new Sabotage(
                        List.of("first-batch-counts"),
                        contested(2, GoodPeer.digest(2)),
                        contested(2, GoodPeer.digest(50))),
                new Sabotage(
                        List.of("resends-alike"),
                        after(second, said(SELF.value(), second, 0)),
                        after(
                                second,
                                said(
                                        SELF.value(),
                                        GoodPeer.prediction(
                                                1, 2, GoodPeer.tensors(3), second.rendered(), second.previous()),
                                        0))),
                sabotage(
                        "accepted",
                        plus(
                                "coordinator",
                                new Rejection(2, 0, SELF, Rejection.Reason.SHAPE, "logits of another shape"))));
    }

    private static Stream<Sabotage> reports() {
        return Stream.of(
                sabotage(
                        "loss",
                        predicting(p -> p.step() == 1
                                ? p
                                : GoodPeer.prediction(
                                        1, p.step(), p.tensors(), p.rendered(), GoodPeer.report(p.step() - 1, false)))),
                new Sabotage(List.of("first-outcome-counts"), contested(true), contested(false)),
                sabotage(
                        "evaluation",
                        with(
                                Evaluation.class,
                                record -> saying(
                                        new Evaluation(
                                                STEPS,
                                                0,
                                                true,
                                                SELF.value(),
                                                1,
                                                0.1,
                                                ((Evaluation) record.message()).tensors()),
                                        record))),
                sabotage(
                        "evaluates",
                        GoodPeer.run().stream()
                                .filter(record -> !(record.message() instanceof Evaluation))
                                .toList()));
    }

    private static Stream<Sabotage> leaving() {
        Command drain = Command.drain(SELF, 1, "asked");
        Command abort = new Command(Command.Kind.ABORT, Optional.empty(), "hopeless");
        return Stream.of(
                new Sabotage(
                        List.of("evaluates", "finishes"),
                        GoodPeer.run(),
                        with(Left.class, record -> saying(GoodPeer.left(Left.FINISHED, STEPS - 1L), record))),
                sabotage(
                        "result",
                        with(
                                Left.class,
                                record -> saying(
                                        new Left(
                                                SELF,
                                                1,
                                                "diverged",
                                                Optional.empty(),
                                                Optional.of(new Left.Divergence(3, "loss"))),
                                        record))),
                new Sabotage(
                        List.of("drains"),
                        asked(drain, new Draining(SELF, 1, STEPS, "drained: asked"), "drained: asked"),
                        asked(drain, new Draining(SELF, 1, STEPS, "drained: asked"), "went away")),
                new Sabotage(List.of("drains-in-order"), announcedAt(2), announcedAt(1)),
                new Sabotage(List.of("aborts"), ending(abort, "aborted: hopeless"), ending(abort, "")),
                new Sabotage(List.of("refused"), refused("refused: no seat"), refused("finished early")));
    }

    static List<Said> with(Class<? extends Message> type, UnaryOperator<Said> change) {
        return GoodPeer.run().stream()
                .map(record -> type.isInstance(record.message()) ? change.apply(record) : record)
                .toList();
    }

    private static List<Said> predicting(UnaryOperator<Prediction> change) {
        return with(Prediction.class, record -> saying(change.apply((Prediction) record.message()), record));
    }

    private static Said saying(Message message, Said record) {
        return new Said(
                record.topic(),
                record.partition(),
                record.offset(),
                record.appendedMs(),
                record.sender(),
                message,
                record.bytes());
    }

    static Said from(String sender, Said record) {
        return new Said(
                record.topic(),
                record.partition(),
                record.offset(),
                record.appendedMs(),
                sender,
                record.message(),
                record.bytes());
    }

    private static Said on(Topic topic, int partition, Said record) {
        return new Said(
                topic,
                partition,
                record.offset(),
                record.appendedMs(),
                record.sender(),
                record.message(),
                record.bytes());
    }

    /** The good run and one more record at its end. */
    private static List<Said> plus(String sender, Message message) {
        return inserted(said(sender, message, 3_600), GoodPeer.run().size());
    }

    private static List<Said> inserted(Said record, int at) {
        List<Said> records = new ArrayList<>(GoodPeer.run());
        records.add(at, record);
        return records;
    }

    private static List<Said> after(Message message, Said record) {
        List<Said> records = new ArrayList<>();
        for (Said each : GoodPeer.run()) {
            records.add(each);
            if (each.message().equals(message)) {
                records.add(new Said(
                        each.topic(),
                        each.partition(),
                        each.offset() + 1,
                        each.appendedMs(),
                        record.sender(),
                        record.message(),
                        record.bytes()));
            }
        }
        return records;
    }

    /** The good run with the {@code nth} message of a type some places later. */
    private static List<Said> moved(Class<? extends Message> type, int nth, int places) {
        List<Said> records = new ArrayList<>(GoodPeer.run());
        int seen = 0;
        for (int i = 0; i < records.size(); i++) {
            seen += type.isInstance(records.get(i).message()) ? 1 : 0;
            if (seen == nth && type.isInstance(records.get(i).message())) {
                Said record = records.remove(i);
                int to = i;
                for (int passed = 0; passed < places || places == 0; to++) {
                    passed += records.get(to).message() instanceof Prediction ? places : 0;
                }
                records.add(to, record);
                return records;
            }
        }
        throw new IllegalArgumentException("no such message");
    }

    /** The first prediction comes after the second one. */
    private static List<Said> firstStepLast() {
        List<Said> records = new ArrayList<>();
        for (Said record : GoodPeer.run()) {
            long step = record.message() instanceof Prediction p ? p.step() : 0;
            if (step != 1) {
                records.add(record);
            }
            if (step == 2) {
                records.add(said(SELF.value(), GoodPeer.prediction(1, 1), record.appendedMs()));
            }
        }
        return records;
    }

    private static List<Said> silent() {
        List<Said> records = new ArrayList<>();
        for (Said record : GoodPeer.run()) {
            boolean late = record.message() instanceof Heartbeat beat && beat.step() == STEPS;
            for (int i = 0; late && i < 5; i++) {
                records.add(said(
                        "p1",
                        new Heartbeat(
                                GoodPeer.OTHER, 1, dev.cohort.protocol.PeerState.TRAINING, 1, Heartbeat.Figures.NONE),
                        record.appendedMs() + 1_000L * i));
            }
            records.add(
                    late
                            ? said(SELF.value(), record.message(), record.appendedMs() + 5_000)
                            : record.appendedMs() > 2_300 ? later(record) : record);
        }
        return records;
    }

    /** No heartbeat at all, while another peer has many; it does not leave. */
    private static List<Said> neverBeating() {
        List<Said> records = new ArrayList<>(GoodPeer.run().stream()
                .filter(record -> !(record.message() instanceof Heartbeat || record.message() instanceof Left))
                .toList());
        for (int i = 0; i < 5; i++) {
            records.add(said(
                    "p1",
                    new Heartbeat(GoodPeer.OTHER, 1, dev.cohort.protocol.PeerState.TRAINING, 1, Heartbeat.Figures.NONE),
                    4_000 + 1_000L * i));
        }
        return records;
    }

    private static Said later(Said record) {
        return new Said(
                record.topic(),
                record.partition(),
                record.offset(),
                record.appendedMs() + 6_000,
                record.sender(),
                record.message(),
                record.bytes());
    }

    private static NamedTensors half(Prediction p) {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        p.tensors().asMap().forEach((name, tensor) -> tensors.put(name, tensor.as(DType.FLOAT16)));
        return NamedTensors.of(tensors);
    }

    /** A second batch of a step follows the first, and the peer renders one of the two. */
    private static List<Said> contested(long step, dev.cohort.tensor.Digest rendered) {
        List<Said> records = new ArrayList<>();
        for (Said record : GoodPeer.run()) {
            boolean predicts = record.message() instanceof Prediction p && p.step() == step;
            if (predicts) {
                Prediction p = (Prediction) record.message();
                records.add(said("conform", GoodPeer.batch(step, GoodPeer.digest(50)), record.appendedMs() - 1));
                records.add(saying(GoodPeer.prediction(1, step, p.tensors(), rendered, p.previous()), record));
            } else {
                records.add(record);
            }
        }
        return records;
    }

    /** A second outcome of step 1 has no targets; the peer trains on the first one or on that. */
    private static List<Said> contested(boolean first) {
        List<Said> records = new ArrayList<>();
        for (Said record : GoodPeer.run()) {
            if (record.message() instanceof Prediction p && p.step() == 2) {
                Outcome second = GoodPeer.outcome(1, new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
                records.add(said("conform", second, record.appendedMs() - 1));
                records.add(saying(
                        GoodPeer.prediction(1, 2, p.tensors(), p.rendered(), GoodPeer.report(1, first)), record));
            } else {
                records.add(record);
            }
        }
        return records;
    }

    /** The good run, ended by a request to leave. */
    private static List<Said> asked(Command command, Draining draining, String reason) {
        List<Said> records = new ArrayList<>(GoodPeer.run());
        Said last = records.remove(records.size() - 1);
        records.add(said("operator", command, last.appendedMs()));
        records.add(said(SELF.value(), draining, last.appendedMs() + 1));
        records.add(said(SELF.value(), GoodPeer.left(reason, STEPS), last.appendedMs() + 2));
        return records;
    }

    /** A drained peer that announces before its second prediction which one is its last, and leaves in order. */
    private static List<Said> announcedAt(long lastStep) {
        List<Said> records = new ArrayList<>();
        for (Said record : GoodPeer.run()) {
            long step = record.message() instanceof Prediction p ? p.step() : 0;
            if (step == 2) {
                records.add(said("operator", Command.drain(SELF, 1, "asked"), record.appendedMs() - 2));
                records.add(said(SELF.value(), new Draining(SELF, 1, lastStep, "drained"), record.appendedMs() - 1));
            }
            boolean behind = step == 3
                    || (record.message() instanceof Heartbeat beat && beat.step() == 3)
                    || record.message() instanceof Evaluation
                    || record.message() instanceof Left;
            if (!behind) {
                records.add(record);
            }
        }
        records.add(said(SELF.value(), GoodPeer.evaluation(2), 4_000));
        records.add(said(SELF.value(), GoodPeer.left("drained: asked", 2), 4_001));
        return records;
    }

    /** The run is given up after its second step; the peer leaves with this reason, or not at all. */
    private static List<Said> ending(Command command, String reason) {
        List<Said> records = new ArrayList<>(GoodPeer.run().subList(0, 11));
        records.add(said("operator", command, 5_000));
        if (!reason.isEmpty()) {
            records.add(said(SELF.value(), GoodPeer.left(reason, 2), 5_001));
        }
        return records;
    }

    private static List<Said> refused(String reason) {
        Left left = new Left(SELF, 1, reason, GoodPeer.left(reason, 0).result());
        return Arrays.asList(
                said(SELF.value(), GoodPeer.joining(1, 0), 1_000),
                said("coordinator", new Admitted(SELF, 1, 0, 1, "no seat"), 1_001),
                said(SELF.value(), left, 1_002));
    }
}
