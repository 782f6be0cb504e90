package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OneTest {
    private static final int C = 4;
    private static final int D = 3;
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 3, 0, 1), Ints.of(3, 1, 0, 2, 2, 2)), List.of(0.6, 0.4));
    private static final SoftLabels CLASS_ZERO = new SoftLabels(3, List.of(Ints.of(0)), List.of(1.0));

    @Test
    void doublesTheCrossEntropyOfASinglePeer() {
        One one = one(1, Cohort.sgd(0, false, 0));
        Cohort alone = Cohort.random(1, MIXED, List.of(0), D);
        Teacher.TeacherStep lesson = one.teach(one.initialState(), alone.input(0, 0.1));
        Objective.Result result = alone.objective(0, lesson);

        assertThat(gates(lesson).toDoubles()).containsOnly(1);
        assertThat(ensemble(lesson)).isEqualTo(alone.published().get(0).get(TensorName.LOGITS));
        assertThat(result.distillation()).isZero();
        double[] y = MIXED.dense();
        double[] twice = Softmax.probabilities(alone.logits(0), C, 1);
        for (int i = 0; i < twice.length; i++) {
            twice[i] = 2 * (twice[i] - y[i]) / MIXED.rows();
        }
        assertThat(result.logitsGradient().toDoubles()).containsExactly(twice, within(1e-15));
        assertThat(result.featuresGradient().orElseThrow().toDoubles()).containsOnly(0);
    }

    @Test
    void learnsNothingFromPeersThatAgree() {
        One one = one(3, Cohort.sgd(0, false, 0));
        Cohort random = Cohort.random(2, MIXED, List.of(0, 1, 2), D);
        List<NamedTensors> alike = random.published().stream()
                .map(own ->
                        own.with(TensorName.LOGITS, random.published().get(0).get(TensorName.LOGITS)))
                .toList();
        Cohort cohort = Cohort.of(MIXED, alike);
        One.Step step = one.step(GateState.of(one.initialState()), cohort.input(0, 0.1));
        Teacher.TeacherStep lesson = one.teach(one.initialState(), cohort.input(0, 0.1));

        assertThat(step.ensemble).containsExactly(cohort.logits(0), within(1e-14));
        assertThat(cohort.objective(1, lesson).distillation()).isCloseTo(0, within(1e-14));
        assertThat(step.gradients.weight).containsOnly(new double[] {0}, within(1e-15));
        assertThat(step.gradients.gamma).containsOnly(new double[] {0}, within(1e-15));
    }

    @Test
    void sharesTheEnsemblesGradientOutWithoutLoss() {
        One one = one(3, Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(3, MIXED, List.of(0, 1, 2), D);
        Teacher.TeacherStep lesson = one.teach(one.initialState(), cohort.input(0, 0.1));
        List<Term> gated =
                List.of(withoutWeight(lesson.terms().get(0)), lesson.terms().get(1));

        double[] sum = new double[MIXED.rows() * C];
        for (int i = 0; i < cohort.size(); i++) {
            double[] share = cohort.objective(i, 0, gated, DType.FLOAT64)
                    .logitsGradient()
                    .toDoubles();
            for (int k = 0; k < sum.length; k++) {
                sum[k] += share[k];
            }
        }

        double[] y = MIXED.dense();
        double[] whole = Softmax.probabilities(ensemble(lesson).toDoubles(), C, 1);
        for (int i = 0; i < whole.length; i++) {
            whole[i] = (whole[i] - y[i]) / MIXED.rows();
        }
        assertThat(sum).containsExactly(whole, within(1e-15));
    }

    @Test
    void leavesEveryRowOfALogitsGradientAtSumZero() {
        One one = one(3, Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(4, MIXED, List.of(0, 1, 2), D);
        Teacher.TeacherStep lesson = one.teach(one.initialState(), cohort.input(0, 0.1));

        for (int i = 0; i < cohort.size(); i++) {
            Tensor gradient = cohort.objective(i, lesson).logitsGradient();
            for (int row = 0; row < MIXED.rows(); row++) {
                double sum = 0;
                for (int c = 0; c < C; c++) {
                    sum += gradient.at(row * C + c);
                }
                assertThat(sum).isCloseTo(0, within(1e-15));
            }
        }
    }

    @Test
    void givesTheNumbersOfTheClosedCase() {
        TeacherSetting setting = new TeacherSetting(2, Ints.of(1, 1), 3, 1, Cohort.sgd(0, false, 0), DType.FLOAT64);
        One one = (One) One.METHOD.create(new Experiment.Method("one", Map.of()), setting);
        // A single row normalises to 0, so equal shifts give equal gates; above 0 the ReLU is open.
        NamedTensors state =
                one.initialState().with(GateState.BETA, Tensor.of(DType.FLOAT64, new double[] {0.1, 0.1}, 2));
        Cohort cohort = Cohort.of(
                CLASS_ZERO,
                List.of(
                        Cohort.tensors(DType.FLOAT64, CLASS_ZERO, new double[] {2, 0, 0}, new double[] {5}),
                        Cohort.tensors(DType.FLOAT64, CLASS_ZERO, new double[] {0, 1, 0}, new double[] {-3})));
        Teacher.TeacherStep lesson = one.teach(state, cohort.input(0, 0.1));
        One.Step step = one.step(GateState.of(state), cohort.input(0, 0.1));

        assertThat(ensemble(lesson).toDoubles()).containsExactly(new double[] {1, 0.5, 0}, within(1e-15));
        assertThat(Objective.crossEntropy(CLASS_ZERO, step.ensemble)).isCloseTo(0.68026967, within(1e-8));
        assertThat(step.gradients.beta).containsExactly(new double[] {-0.32355878, 0.32355878}, within(1e-8));
        assertThat(cohort.objective(0, lesson).logitsGradient().toDoubles())
                .containsExactly(new double[] {-0.15013035, 0.02922991, 0.12090044}, within(1e-8));
        assertThat(cohort.objective(1, lesson).logitsGradient().toDoubles())
                .containsExactly(new double[] {-1.32182255, 0.97192409, 0.34989847}, within(1e-8));
        assertThat(lesson.next().get(GateState.VARIANCE)).isEqualTo(state.get(GateState.VARIANCE));
    }

    @Test
    void trustsAllAlikeWhereEveryReluIsClosed() {
        One one = one(3, Cohort.sgd(0, false, 0));
        NamedTensors state =
                one.initialState().with(GateState.BETA, Tensor.of(DType.FLOAT64, new double[] {-9, -9, -9}, 3));
        Cohort cohort = Cohort.random(5, MIXED, List.of(0, 1, 2), D);

        One.Step step = one.step(GateState.of(state), cohort.input(0, 0.1));

        assertThat(step.pass.gates).containsOnly(new double[] {1.0 / 3}, within(1e-15));
        assertThat(step.gradients.weight).containsOnly(0);
        assertThat(step.gradients.features.get(2)).containsOnly(0);
    }

    @Test
    void teachesWithoutChangingTheStateItIsGiven() {
        One one = one(3, Cohort.sgd(0.9, false, 1e-4));
        NamedTensors state = one.initialState();
        Cohort cohort = Cohort.random(6, MIXED, List.of(0, 1, 2), D);

        Teacher.TeacherStep first = one.teach(state, cohort.input(0, 0.1));
        Teacher.TeacherStep again = one.teach(state, cohort.input(0, 0.1));

        assertThat(state).isEqualTo(one.initialState());
        assertThat(again).isEqualTo(first);
        assertThat(first.next()).isNotEqualTo(state);
    }

    @Test
    void rampsTheSoftTargetUpButNotTheEnsemblesOwnLoss() {
        TeacherSetting setting = setting(3, Cohort.sgd(0, false, 0), DType.FLOAT32);
        Map<String, String> parameters = Map.of("weight", "2", "ramp_up_epochs", "80", "temperature", "4");
        Teacher one = One.METHOD.create(new Experiment.Method("one", parameters), setting);
        Cohort cohort = Cohort.random(7, MIXED, List.of(0, 1, 2), D);

        Teacher.TeacherStep lesson = one.teach(one.initialState(), cohort.input(20, 0.1));

        Term.SoftTarget soft = (Term.SoftTarget) lesson.terms().get(0);
        assertThat(soft.weight()).isCloseTo(2 * 0.060054668, within(1e-8));
        assertThat(soft.temperature()).isEqualTo(4);
        assertThat(((Term.GatedCrossEntropy) lesson.terms().get(1)).weight()).isEqualTo(1);
        assertThat(soft.values().dtype()).isEqualTo(DType.FLOAT32);
        assertThat(gates(lesson).dtype()).isEqualTo(DType.FLOAT32);
    }

    @Test
    void isEvaluatedWithItsRunningStatistics() {
        One one = one(2, Cohort.sgd(0, false, 0));
        Cohort cohort = Cohort.random(8, MIXED, List.of(0, 1), D);
        One.Step step = one.step(GateState.of(one.initialState()), cohort.input(0, 0.1));
        double[] statistics = new double[2];
        double[] variance = new double[2];
        for (int j = 0; j < 2; j++) {
            statistics[j] = step.pass.mean[j];
            variance[j] = step.pass.variance[j];
        }
        NamedTensors asInTraining = one.initialState()
                .with(GateState.MEAN, Tensor.of(DType.FLOAT64, statistics, 2))
                .with(GateState.VARIANCE, Tensor.of(DType.FLOAT64, variance, 2));
        TreeMap<Integer, NamedTensors> predictions = new TreeMap<>();
        predictions.put(0, cohort.published().get(0));
        predictions.put(1, cohort.published().get(1));

        assertThat(one.evaluate(asInTraining, predictions).orElseThrow().toDoubles())
                .containsExactly(step.ensemble);
        assertThat(one.evaluate(one.initialState(), predictions).orElseThrow().toDoubles())
                .isNotEqualTo(step.ensemble);
        predictions.put(
                1, NamedTensors.of(TensorName.LOGITS, cohort.published().get(1).get(TensorName.LOGITS)));
        assertThat(one.evaluate(asInTraining, predictions)).isEmpty();
    }

    @Test
    void refusesFeaturesOfAnotherWidth() {
        One one = one(2, Cohort.sgd(0, false, 0));
        Cohort wide = Cohort.random(9, MIXED, List.of(0, 1), D + 1);

        assertThatThrownBy(() -> one.teach(one.initialState(), wide.input(0, 0.1)))
                .hasMessage("features of slot 0 of shape [6, 4]: must be [6, 3]");
    }

    private static Tensor ensemble(Teacher.TeacherStep lesson) {
        return ((Term.SoftTarget) lesson.terms().get(0)).values();
    }

    private static Tensor gates(Teacher.TeacherStep lesson) {
        return ((Term.GatedCrossEntropy) lesson.terms().get(1)).gates();
    }

    private static Term withoutWeight(Term term) {
        Term.SoftTarget soft = (Term.SoftTarget) term;
        return new Term.SoftTarget(soft.name(), soft.values(), soft.space(), soft.vote(), 0, soft.temperature());
    }

    private static One one(int slots, Experiment.Optimizer optimizer) {
        return (One)
                One.METHOD.create(new Experiment.Method("one", Map.of()), setting(slots, optimizer, DType.FLOAT64));
    }

    private static TeacherSetting setting(int slots, Experiment.Optimizer optimizer, DType wire) {
        int[] widths = new int[slots];
        Arrays.fill(widths, D);
        return new TeacherSetting(slots, Ints.of(widths), C, 11, optimizer, wire);
    }
}
