package dev.cohort.study.conform;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorReference;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a peer publishes for a batch, and when. */
final class PredictionRules {
    private PredictionRules() {}

    static List<Rule> all() {
        return List.of(
                rule("batch-first", "A prediction follows its batch.", PredictionRules::batchFirst),
                rule(
                        "one-open-step",
                        "A prediction follows the outcome of the step before.",
                        PredictionRules::oneOpenStep),
                rule("steps-in-order", "The steps of a start never go back.", new InOrder()),
                rule(
                        "version",
                        "A prediction has the version of its weights, one below its step.",
                        (p, record, course) ->
                                Ruling.of(p.version() == p.step() - 1, "version " + p.version(), "" + (p.step() - 1))),
                rule(
                        "part",
                        "A prediction has part 0.",
                        (p, record, course) -> Ruling.of(p.part() == 0, "part " + p.part(), "0")),
                rule(
                        "tensors",
                        "A prediction has the tensors that the method reads, in their shapes.",
                        PredictionRules::tensors),
                rule(
                        "types",
                        "Tensors have the types of wire.logits, wire.features and wire.maps.",
                        PredictionRules::types),
                rule(
                        "pictures",
                        "A prediction names the digest of its slot's pictures.",
                        (p, record, course) ->
                                course.isContestedBatch(p.step()) ? Ruling.NOT_CONCERNED : pictures(p, course)),
                rule(
                        "first-batch-counts",
                        "Of two batches of a step, the first one is rendered.",
                        (p, record, course) ->
                                course.isContestedBatch(p.step()) ? pictures(p, course) : Ruling.NOT_CONCERNED),
                rule(
                        "resends-alike",
                        "A prediction that is sent again is the same, bit for bit.",
                        PredictionRules::resendsAlike),
                new Accepted());
    }

    private static Rule rule(String name, String promise, EachRecord.Test<Prediction> test) {
        return new EachRecord<>(
                name,
                promise,
                Prediction.class,
                (prediction, record, course) -> course.isSelf(prediction.peer())
                        ? test.judge(prediction, record, course)
                        : Ruling.NOT_CONCERNED);
    }

    private static Ruling batchFirst(Prediction p, RecordedLog.Said record, Course course) {
        return !course.subject().hasOneClock() || course.hasForgotten(p.step())
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        course.batch(p.step()).isPresent(),
                        "a prediction for step " + p.step() + ", which has no batch before it",
                        "the batch first");
    }

    private static Ruling oneOpenStep(Prediction p, RecordedLog.Said record, Course course) {
        boolean first = course.answer(p.incarnation())
                .filter(answer -> answer.step() >= p.step())
                .isPresent();
        return !course.subject().hasOneClock()
                        || course.observes()
                        || first
                        || p.step() == 1
                        || course.hasForgotten(p.step() - 1)
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        course.outcome(p.step() - 1).isPresent(),
                        "a prediction for step " + p.step() + " while step " + (p.step() - 1) + " has no outcome",
                        "the outcome of step " + (p.step() - 1) + " first");
    }

    /** The highest step of each start so far. */
    private static final class InOrder implements EachRecord.Test<Prediction> {
        private final SortedMap<Long, Long> highest = new TreeMap<>();

        @Override
        public Ruling judge(Prediction p, RecordedLog.Said record, Course course) {
            long before = highest.getOrDefault(p.incarnation(), 0L);
            highest.put(p.incarnation(), Math.max(before, p.step()));
            // A record may be in the log twice.
            return course.prediction(p.incarnation(), p.step()).isPresent()
                    ? Ruling.NOT_CONCERNED
                    : Ruling.of(p.step() >= before, "step " + p.step(), "at least " + before + ", as before");
        }
    }

    private static Ruling tensors(Prediction p, RecordedLog.Said record, Course course) {
        Optional<Batch> batch = course.batch(p.step());
        Optional<Integer> slot = course.slot();
        if (batch.isEmpty() || slot.isEmpty()) {
            return Ruling.NOT_CONCERNED;
        }
        Map<String, Ints> shapes = shapes(batch.get(), slot.get(), course);
        for (Map.Entry<String, Ints> shape : shapes.entrySet()) {
            Optional<Tensor> found = p.tensors().find(shape.getKey());
            if (found.filter(t -> t.shape().equals(shape.getValue())).isEmpty()) {
                return new Ruling.Broken(
                        shape.getKey() + " "
                                + found.map(t -> t.shape().toString()).orElse("missing"),
                        shape.getValue().toString());
            }
        }
        return course.observes() ? Ruling.KEPT : maps(p, batch.get(), slot.get(), course.subject());
    }

    private static Ruling maps(Prediction p, Batch batch, int slot, Subject subject) {
        MapShapes maps = subject.manifest().maps();
        for (String name : maps.bySlot().keySet()) {
            Ints row = maps.row(name, slot);
            Ints right = Ints.of(batch.rows(), row.get(0), row.get(1), row.get(2));
            Optional<TensorReference> found = Optional.ofNullable(p.maps().get(name));
            if (found.filter(map -> map.shape().equals(right)).isEmpty()) {
                return new Ruling.Broken(
                        name + " " + found.map(map -> map.shape().toString()).orElse("missing"), right.toString());
            }
        }
        return Ruling.KEPT;
    }

    private static Map<String, Ints> shapes(Batch batch, int slot, Course course) {
        Subject subject = course.subject();
        int classes = subject.manifest().classes();
        TreeMap<String, Ints> shapes = new TreeMap<>();
        shapes.put(TensorName.LOGITS, Ints.of(batch.rows(), classes));
        for (String name : course.observes() ? List.<String>of() : subject.reads()) {
            switch (name) {
                case TensorName.FEATURES ->
                    shapes.put(
                            name,
                            Ints.of(
                                    batch.rows(),
                                    subject.manifest().featureWidths().get(slot)));
                case TensorName.OWN_TEACHER -> shapes.put(name, Ints.of(batch.rows(), classes));
                case TensorName.VALIDATION -> {
                    if (batch.endsEpoch()) {
                        shapes.put(
                                name,
                                Ints.of(subject.manifest().validationLabels().size(), classes));
                    }
                }
                default -> {
                    // No shape is declared for other tensors.
                }
            }
        }
        return shapes;
    }

    private static Ruling types(Prediction p, RecordedLog.Said record, Course course) {
        for (Map.Entry<String, Tensor> tensor : p.tensors().asMap().entrySet()) {
            DType right = tensor.getKey().equals(TensorName.FEATURES)
                    ? course.subject().experiment().wire().features()
                    : course.subject().experiment().wire().logits();
            boolean weights = tensor.getKey().startsWith(TensorName.WEIGHTS);
            if (!weights && tensor.getValue().dtype() != right) {
                return new Ruling.Broken(
                        tensor.getKey() + " of " + tensor.getValue().dtype(), right.toString());
            }
        }
        DType right = course.subject().experiment().wire().maps();
        for (Map.Entry<String, TensorReference> map : p.maps().entrySet()) {
            if (map.getValue().dtype() != right) {
                return new Ruling.Broken(map.getKey() + " of " + map.getValue().dtype(), right.toString());
            }
        }
        return Ruling.KEPT;
    }

    private static Ruling pictures(Prediction p, Course course) {
        Optional<Batch> batch = course.batch(p.step());
        Optional<Integer> slot = course.slot();
        if (batch.isEmpty() || slot.isEmpty()) {
            return Ruling.NOT_CONCERNED;
        }
        String right = batch.get().digest(slot.get()).hex();
        return Ruling.of(
                p.rendered().hex().equals(right),
                "rendered " + p.rendered().hex(),
                right + ", of step " + p.step() + " and slot " + slot.get());
    }

    private static Ruling resendsAlike(Prediction p, RecordedLog.Said record, Course course) {
        Optional<Prediction> before = course.prediction(p.incarnation(), p.step());
        return before.isEmpty()
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        before.get().equals(p),
                        "another prediction of the same start for step " + p.step(),
                        "the same as before");
    }

    private static final class Accepted implements Rule {
        @Override
        public String name() {
            return "accepted";
        }

        @Override
        public String promise() {
            return "The coordinator rejects none of its predictions.";
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            boolean real = !record.sender().equals(Provocation.SENDER);
            return record.message() instanceof Rejection rejection && course.isSelf(rejection.peer()) && real
                    ? new Ruling.Broken(
                            rejection.reason() + " at step " + rejection.step() + ": " + rejection.detail(),
                            "no rejection")
                    : Ruling.NOT_CONCERNED;
        }

        @Override
        public Ruling end(Course course) {
            return course.hasPredicted() ? Ruling.KEPT : Ruling.NOT_CONCERNED;
        }
    }
}
