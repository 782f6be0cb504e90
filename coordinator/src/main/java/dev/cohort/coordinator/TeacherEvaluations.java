package dev.cohort.coordinator;

import dev.cohort.distill.TestScore;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Evaluates the teacher itself on the test images, from what the peers said about them after the same step. */
final class TeacherEvaluations {
    private final Teacher teacher;
    private final Ints testLabels;
    private final SortedMap<Long, After> after = new TreeMap<>();
    private final SortedMap<Long, SortedMap<String, Evaluation>> said = new TreeMap<>();
    private long done;
    /** The steps of the newest evaluation that was made, and of the newest in the log. */
    private long made;

    private long logged;
    private long lastStep = -1;
    private After latest;

    /** The teacher after a step and whom it was taught from. */
    private record After(NamedTensors state, List<Outcome.Contributor> contributors) {}

    TeacherEvaluations(Teacher teacher, Ints testLabels) {
        this.teacher = teacher;
        this.testLabels = testLabels;
        latest = new After(teacher.initialState(), List.of());
    }

    /** Notes the teacher's state after a step at which peers evaluate. */
    void applied(Batch batch, NamedTensors state, List<Outcome.Contributor> contributors) {
        latest = new After(state, contributors);
        if (!contributors.isEmpty() && (batch.endsEpoch() || batch.step() == lastStep)) {
            after.put(batch.step(), latest);
        }
    }

    /** The run ends at {@code lastStep}, in the middle of an epoch perhaps. */
    void ends(long step, long applied) {
        lastStep = step;
        if (step == applied && !latest.contributors().isEmpty()) {
            after.put(step, latest);
        }
    }

    /** Whether every step at which peers evaluate has its evaluation. */
    boolean settled() {
        return after.isEmpty();
    }

    /** Whether every evaluation so far stands in the log, too. */
    boolean said() {
        return settled() && made <= logged;
    }

    /** What was to be said up to {@code step} was said. */
    void goesOnAfter(long step) {
        done = step;
    }

    void said(Evaluation evaluation) {
        if (evaluation.source().equals(Evaluation.TEACHER)) {
            logged = Math.max(logged, evaluation.step());
        }
        boolean usable = evaluation.tensors().find(TensorName.LOGITS).isPresent();
        if (usable && evaluation.step() > done && !evaluation.source().equals(Evaluation.TEACHER)) {
            said.computeIfAbsent(evaluation.step(), s -> new TreeMap<>()).put(evaluation.source(), evaluation);
        }
    }

    /** The teacher's evaluation of the earliest step that all its contributors have spoken of. */
    Optional<Evaluation> next() {
        for (Map.Entry<Long, SortedMap<String, Evaluation>> of : said.entrySet()) {
            After then = after.get(of.getKey());
            if (then == null) {
                continue;
            }
            SortedMap<Integer, NamedTensors> votes = new TreeMap<>();
            for (Outcome.Contributor contributor : then.contributors()) {
                Optional.ofNullable(of.getValue().get(contributor.peer().value()))
                        .ifPresent(e -> votes.put(contributor.slot(), e.tensors()));
            }
            if (votes.isEmpty() || votes.size() < then.contributors().size()) {
                continue;
            }
            Evaluation example = of.getValue().values().iterator().next();
            done = of.getKey();
            said.headMap(done + 1).clear();
            after.headMap(done + 1).clear();
            return teacher.evaluate(then.state(), votes).map(logits -> evaluation(example, logits));
        }
        return Optional.empty();
    }

    private Evaluation evaluation(Evaluation example, Tensor logits) {
        made = example.step();
        TestScore score = TestScore.of(logits, testLabels);
        return new Evaluation(
                example.step(),
                example.epoch(),
                example.last(),
                Evaluation.TEACHER,
                score.accuracy(),
                score.crossEntropy(),
                NamedTensors.of(TensorName.LOGITS, logits));
    }
}
