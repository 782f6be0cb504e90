package dev.cohort.study;

import dev.cohort.coordinator.follow.SlotHistory;
import dev.cohort.coordinator.follow.TeacherSteps;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongToDoubleFunction;

/**
 * Computes the targets that other teachers would have made from the recorded predictions: several scenarios in one pass over the
 * log, training nothing but the teachers. Open loop: the students' reaction to other targets is not part of the answer.
 */
public final class Study {
    private final RecordedLog log;
    private final LongToDoubleFunction learningRate;
    private final Ints testLabels;
    private final int classes;
    private final List<Scenario> scenarios = new ArrayList<>();
    private final TreeMap<Long, SortedMap<String, NamedTensors>> evaluations = new TreeMap<>();
    private StudiedSteps studied = new StudiedSteps.Sum().done(OptionalLong.empty());
    private long lastEvaluated;

    /**
     * @param teachers creates the untrained teacher of a scenario
     * @param testLabels class of each test image
     */
    public Study(
            RecordedLog log,
            List<WhatIf> whatIfs,
            Function<WhatIf, Teacher> teachers,
            LongToDoubleFunction learningRate,
            Ints testLabels,
            int classes) {
        this.log = log;
        this.learningRate = learningRate;
        this.testLabels = testLabels;
        this.classes = classes;
        whatIfs.forEach(whatIf -> scenarios.add(new Scenario(whatIf, teachers.apply(whatIf))));
    }

    /**
     * The teacher on the test images after a step at which the peers were tested.
     *
     * @param score of the teacher's probabilities at T = 1
     */
    public record Tested(long step, Score score) {}

    /**
     * The result of a scenario.
     *
     * @param steps that were computed
     * @param differing computed steps whose targets differ from those in the log, or where only one of the two has targets
     * @param untaught steps with fewer contributors than the method needs
     * @param unknown steps that could not be computed: the teacher is trained, and the log lacks part of what it learned from
     * @param unknownFrom the first unknown step
     * @param taught score of the target for all peers, on the training batches and their mixed labels; without rows if the method has
     *     no such target. Targets of probabilities are scored at their own temperature
     * @param agreement share of rows whose largest class is that of the recorded target
     * @param tested scores on the test images, if the teacher can be evaluated
     */
    public record Answer(
            WhatIf whatIf,
            long steps,
            long differing,
            long untaught,
            long unknown,
            OptionalLong unknownFrom,
            Score taught,
            OptionalDouble agreement,
            List<Tested> tested) {}

    /** The running figures of a scenario. */
    private static final class Scenario {
        final WhatIf whatIf;
        final Teacher teacher;
        NamedTensors state;
        final SlotHistory history = new SlotHistory();
        boolean known = true;
        long unknown;
        OptionalLong unknownFrom = OptionalLong.empty();
        long steps;
        long differing;
        long untaught;
        long agreeing;
        long compared;
        final Score taught = new Score();
        final List<Tested> tested = new ArrayList<>();

        Scenario(WhatIf whatIf, Teacher teacher) {
            this.whatIf = whatIf;
            this.teacher = teacher;
            state = teacher.initialState();
        }

        boolean readsMaps() {
            return teacher.readsMaps();
        }

        /** Notes that a step of the log is missing: a teacher with a state is unknown from here. */
        void gap() {
            known &= teacher.initialState().asMap().isEmpty();
        }

        /** Whether the teacher of a step is known; counts unknown steps. */
        boolean knows(long step) {
            if (!known) {
                unknown++;
                unknownFrom = unknownFrom.isEmpty() ? OptionalLong.of(step) : unknownFrom;
            }
            return known;
        }

        /** Whether the log no longer has the feature maps for a step; counts it as unknown. */
        boolean lacksMaps(RecordedSteps.Step step) {
            boolean lacks = readsMaps() && !step.hasMaps();
            if (lacks) {
                unknown++;
                unknownFrom = unknownFrom.isEmpty() ? OptionalLong.of(step.step()) : unknownFrom;
            }
            return lacks;
        }

        Answer answer() {
            return new Answer(
                    whatIf,
                    steps,
                    differing,
                    untaught,
                    unknown,
                    unknownFrom,
                    taught,
                    compared == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) agreeing / compared),
                    List.copyOf(tested));
        }
    }

    /**
     * Reads the log, once.
     *
     * @param progress takes every step
     * @throws IllegalArgumentException if a scenario needs a tensor that was not recorded; the message names it
     */
    public List<Answer> answers(LongConsumer progress) {
        long expected = 1;
        boolean withMaps = scenarios.stream().anyMatch(Scenario::readsMaps);
        try (RecordedSteps recorded = new RecordedSteps(log, damaged -> {}, withMaps);
                RecordedLog.Reading tests = log.read(Topic.EVALUATIONS, 0)) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                RecordedSteps.Step step = next.get();
                Optional<List<Contribution>> all = contributions(step);
                boolean gap = step.step() > expected || step.batch().isEmpty() || all.isEmpty();
                scenarios.forEach(scenario -> {
                    if (gap || (scenario.readsMaps() && !step.hasMaps())) {
                        scenario.gap();
                    }
                });
                expected = step.step() + 1;
                if (step.batch().isPresent() && all.isPresent()) {
                    Batch batch = step.batch().get();
                    Optional<double[]> was = recorded(step).flatMap(r -> probabilities(r.terms(), batch.labels()));
                    scenarios.stream()
                            .filter(scenario -> !scenario.readsMaps() || step.hasMaps())
                            .forEach(scenario -> requireTensors(scenario, votes(scenario, all.get())));
                    // Scenarios are independent, so their order does not matter.
                    scenarios.parallelStream().forEach(scenario -> take(scenario, step, batch, all.get(), was));
                    test(step, tests);
                }
                progress.accept(step.step());
            }
            studied = recorded.studied();
            return scenarios.stream().map(Scenario::answer).toList();
        }
    }

    /** Which steps could be studied, after {@link #answers}. */
    public StudiedSteps studied() {
        return studied;
    }

    /** In the order of the slots; empty if a prediction that the outcome names is not in the log. */
    private static Optional<List<Contribution>> contributions(RecordedSteps.Step step) {
        List<Contribution> all = new ArrayList<>();
        for (Outcome.Contributor c : step.outcome().contributors()) {
            RecordedLog.Said record = step.said().get(c.peer());
            if (record == null) {
                return Optional.empty();
            }
            NamedTensors tensors = step.tensors(c.peer()).orElseThrow();
            all.add(new Contribution(new Teacher.PeerPrediction(c.peer(), c.slot(), tensors), record.appendedMs()));
        }
        return Optional.of(all);
    }

    private static Optional<Outcome.Targets> recorded(RecordedSteps.Step step) {
        return step.outcome().resolution() instanceof Outcome.Targets targets ? Optional.of(targets) : Optional.empty();
    }

    private static List<Teacher.PeerPrediction> votes(Scenario scenario, List<Contribution> all) {
        Teacher teacher = scenario.teacher;
        return teacher.distils() && teacher.contributorsMin() > 0
                ? scenario.whatIf.chosen(all).stream()
                        .map(Contribution::prediction)
                        .toList()
                : List.of();
    }

    /** @param was probabilities of the recorded target */
    private void take(
            Scenario scenario, RecordedSteps.Step step, Batch batch, List<Contribution> all, Optional<double[]> was) {
        if (!scenario.knows(step.step()) || scenario.lacksMaps(step)) {
            return;
        }
        scenario.steps++;
        Teacher teacher = scenario.teacher;
        List<Teacher.PeerPrediction> votes = votes(scenario, all);
        Optional<Outcome.Targets> recorded = recorded(step);
        if (!teacher.distils() || votes.size() < teacher.contributorsMin()) {
            scenario.untaught++;
            scenario.differing += recorded.isPresent() ? 1 : 0;
            return;
        }
        SortedMap<Integer, PeerId> voters = new TreeMap<>();
        votes.forEach(v -> voters.put(v.slot(), v.peer()));
        Teacher.TeacherStep lesson = new TeacherSteps(teacher, learningRate)
                .step(scenario.state, scenario.history.renewed(voters), batch, votes);
        scenario.history.add(voters);
        scenario.state = lesson.next();
        boolean same = recorded.isPresent() && same(step, recorded.get(), lesson, votes);
        scenario.differing += same ? 0 : 1;
        score(scenario, batch.labels(), lesson.terms(), was);
    }

    private static void requireTensors(Scenario scenario, List<Teacher.PeerPrediction> votes) {
        if (votes.size() < scenario.teacher.contributorsMin()) {
            return;
        }
        for (String name : scenario.teacher.reads()) {
            boolean rare = name.equals(TensorName.VALIDATION);
            if (!rare && votes.stream().anyMatch(v -> v.tensors().find(name).isEmpty())) {
                throw new IllegalArgumentException("what-if " + scenario.whatIf.words() + ": method "
                        + scenario.whatIf.method().name() + " reads " + name
                        + " of every peer, which was not recorded; run with record.features=always, or with a method"
                        + " that reads it");
            }
        }
    }

    private static boolean same(
            RecordedSteps.Step step,
            Outcome.Targets recorded,
            Teacher.TeacherStep lesson,
            List<Teacher.PeerPrediction> votes) {
        boolean equal = Double.compare(recorded.labelWeight(), lesson.labelWeight()) == 0
                && recorded.terms().equals(lesson.terms());
        int parts = 0;
        for (Teacher.PeerPrediction vote : votes) {
            List<Term> own = lesson.addressed().getOrDefault(vote.slot(), List.of());
            if (!own.isEmpty()) {
                Addressed must = MapGradients.parcel(step.step(), 0, vote.peer(), vote.slot(), own)
                        .addressed();
                equal &= recorded.addressed().stream()
                        .anyMatch(
                                p -> p.peer().equals(vote.peer()) && p.digest().equals(must.digest()));
                parts++;
            }
        }
        return equal && parts == recorded.addressed().size();
    }

    private void score(Scenario scenario, SoftLabels labels, List<Term> terms, Optional<double[]> was) {
        Optional<double[]> taught = probabilities(terms, labels);
        taught.ifPresent(p -> scenario.taught.add(p, labels));
        if (taught.isPresent() && was.isPresent()) {
            for (int start = 0; start < taught.get().length; start += classes) {
                scenario.agreeing +=
                        Score.largest(taught.get(), start, classes) == Score.largest(was.get(), start, classes) ? 1 : 0;
                scenario.compared++;
            }
        }
    }

    /** Probabilities of the first soft target for all peers that has a row for each image. */
    private Optional<double[]> probabilities(List<Term> terms, SoftLabels labels) {
        return terms.stream()
                .filter(term ->
                        term instanceof Term.SoftTarget soft && soft.values().size() == labels.rows() * classes)
                .findFirst()
                .map(term -> (Term.SoftTarget) term)
                .map(soft -> soft.space() == Term.Space.LOGITS
                        ? Softmax.probabilities(soft.values().toDoubles(), classes, 1)
                        : soft.values().toDoubles());
    }

    /** Tests the teachers where the peers were tested: after the last batch of an epoch, and of the run. */
    private void test(RecordedSteps.Step step, RecordedLog.Reading tests) {
        readTests(step.step(), tests);
        Optional<SortedMap<String, NamedTensors>> tested = Optional.ofNullable(evaluations.remove(step.step()));
        evaluations.headMap(step.step()).clear();
        for (Scenario scenario : scenarios) {
            SortedMap<Integer, NamedTensors> votes = new TreeMap<>();
            step.outcome().contributors().stream()
                    .filter(c -> !scenario.whatIf.without().contains(c.peer()))
                    .filter(c -> scenario.whatIf.only().isEmpty()
                            || scenario.whatIf.only().contains(c.peer()))
                    .forEach(c -> tested.map(t -> t.get(c.peer().value())).ifPresent(t -> votes.put(c.slot(), t)));
            if (scenario.known && !votes.isEmpty() && votes.size() >= scenario.teacher.contributorsMin()) {
                evaluate(scenario, votes).ifPresent(logits -> {
                    Score score = new Score();
                    score.add(
                            Softmax.probabilities(logits.toDoubles(), classes, 1),
                            new SoftLabels(classes, List.of(testLabels), List.of(1.0)));
                    scenario.tested.add(new Tested(step.step(), score));
                });
            }
        }
    }

    private static Optional<Tensor> evaluate(Scenario scenario, SortedMap<Integer, NamedTensors> votes) {
        boolean whole = scenario.teacher.reads().stream()
                .filter(name -> !name.equals(TensorName.VALIDATION) && !TensorName.isMap(name))
                .allMatch(name ->
                        votes.values().stream().allMatch(t -> t.find(name).isPresent()));
        return whole ? scenario.teacher.evaluate(scenario.state, votes) : Optional.empty();
    }

    /** Reads tests until one after {@code step}: peers are tested after the same steps. */
    private void readTests(long step, RecordedLog.Reading tests) {
        while (lastEvaluated <= step) {
            Optional<RecordedLog.Entry> entry = tests.next();
            if (entry.isEmpty()) {
                lastEvaluated = Long.MAX_VALUE;
                return;
            }
            if (entry.get() instanceof RecordedLog.Said record
                    && record.message() instanceof Evaluation evaluation
                    && evaluation.tensors().find(TensorName.LOGITS).isPresent()
                    && !evaluation.source().equals(Evaluation.TEACHER)) {
                evaluations
                        .computeIfAbsent(evaluation.step(), s -> new TreeMap<>())
                        .put(evaluation.source(), evaluation.tensors());
                lastEvaluated = Math.max(lastEvaluated, evaluation.step());
            }
        }
    }
}
