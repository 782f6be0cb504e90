package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodistillationTest {
    private static final int C = 4;
    private static final SoftLabels MIXED =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2), Ints.of(3, 1, 0)), List.of(0.6, 0.4));

    private static Teacher teacher(String method, Map<String, String> parameters) {
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(5, Ints.of(1, 1, 1, 1, 1), C, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }

    private static Teacher.TeacherStep lesson(String method, Map<String, String> parameters, Cohort cohort) {
        return teacher(method, parameters).teach(NamedTensors.none(), cohort.input(0, 0.1));
    }

    /** The same contributors, whose copies say what {@code copies} say. */
    private static Cohort withCopies(Cohort cohort, Cohort copies) {
        List<NamedTensors> published = new ArrayList<>();
        for (int i = 0; i < cohort.size(); i++) {
            published.add(cohort.published()
                    .get(i)
                    .with(TensorName.OWN_TEACHER, copies.published().get(i).get(TensorName.LOGITS)));
        }
        return new Cohort(cohort.labels(), cohort.slots(), published);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void hasTheGradientsOfMutualLearningWhenNothingIsOld(int peers) {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1, 2, 3, 4).subList(0, peers), 1);
        Map<String, String> strength = Map.of("temperature", "2", "weight", "0.7");
        Map<String, String> live = Map.of("temperature", "2", "weight", "0.7", "every_steps", "0");

        assertThat(teacher("codistillation", live).reads()).isEmpty();
        assertThat(teacher("codistillation", live).ownTeacher()).isEqualTo(new OwnTeacher.None());
        for (int i = 0; i < peers; i++) {
            assertThat(cohort.objective(i, lesson("codistillation", live, cohort))
                            .logitsGradient())
                    .isEqualTo(
                            cohort.objective(i, lesson("dml", strength, cohort)).logitsGradient());
        }
    }

    @Test
    void hasTheGradientsOfMutualLearningWhenTheCopiesSayWhatThePeersSay() {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1, 2), 1);
        Cohort alike = withCopies(cohort, cohort);

        for (int i = 0; i < 3; i++) {
            assertThat(alike.objective(i, lesson("codistillation", Map.of("every_steps", "1"), alike))
                            .logitsGradient())
                    .isEqualTo(
                            cohort.objective(i, lesson("dml", Map.of(), cohort)).logitsGradient());
        }
    }

    @Test
    void teachesTheMeanProbabilityOfTheOthersCopies() {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 2, 3), 1);
        Cohort copies = Cohort.random(2, MIXED, List.of(0, 2, 3), 1);
        Cohort both = withCopies(cohort, copies);
        double[] first = Softmax.probabilities(copies.logits(0), C, 1);
        double[] third = Softmax.probabilities(copies.logits(2), C, 1);
        double[] p = Softmax.probabilities(cohort.logits(1), C, 1);
        double[] y = MIXED.dense();
        double[] expected = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            expected[i] = (p[i] - y[i] + p[i] - (first[i] + third[i]) / 2) / MIXED.rows();
        }

        Objective.Result result = both.objective(1, lesson("codistillation", Map.of(), both));

        assertThat(result.logitsGradient().toDoubles()).containsExactly(expected, within(1e-14));
    }

    @Test
    void teachesTheMeanOfAllCopiesToAPeerThatIsLate() {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1), 1);
        Cohort both = withCopies(cohort, Cohort.random(2, MIXED, List.of(0, 1), 1));
        Tensor late = Cohort.random(3, MIXED, List.of(0), 1).published().get(0).get(TensorName.LOGITS);
        Teacher.TeacherStep lesson = lesson("codistillation", Map.of(), both);
        double[] mean = ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles();
        double[] p = Softmax.probabilities(late.toDoubles(), C, 1);
        double[] expected = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            expected[i] = (p[i] - mean[i]) / MIXED.rows();
        }

        Objective.Result result = Objective.of(
                MIXED,
                0,
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, late),
                NamedTensors.of(TensorName.LOGITS, late),
                Optional.empty(),
                DType.FLOAT64);

        assertThat(result.logitsGradient().toDoubles()).containsExactly(expected, within(1e-14));
    }

    @Test
    void learnsFromTheLabelsAloneWhileItBurnsIn() {
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 1), 1);
        Cohort both = withCopies(cohort, cohort);

        assertThat(lesson("codistillation", Map.of("burn_in_steps", "1"), both).terms())
                .isEmpty();
        assertThat(lesson("codistillation", Map.of("burn_in_steps", "0"), both).terms())
                .hasSize(1);
    }

    @Test
    void hasEveryPeerCopyItselfAndSayWhatTheCopySays() {
        Teacher teacher = teacher("codistillation", Map.of("every_steps", "7"));

        assertThat(teacher.ownTeacher()).isEqualTo(new OwnTeacher.Stale(7));
        assertThat(teacher.reads()).containsExactly(TensorName.OWN_TEACHER);
        assertThat(teacher.contributorsMin()).isEqualTo(2);
    }

    private static final Map<String, String> CHECKPOINTS =
            Map.of("exchange", "checkpoints", "every_steps", "3", "temperature", "2", "weight", "0.7");

    @Test
    void givesTheWeightsThatWereHandedOverToAllAndTeachesFromTheNextStepOn() {
        Teacher teacher = teacher("codistillation", CHECKPOINTS);
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 2), 1);
        Cohort handing = cohort.with("weights/fc.bias", List.of(new double[] {1, 2, 3}, new double[] {4, 5, 6}));

        Teacher.TeacherStep first = teacher.teach(teacher.initialState(), handing.input(0, 0.1));
        Teacher.TeacherStep second = teacher.teach(first.next(), cohort.input(0, 0.1));

        assertThat(teacher.reads()).isEmpty();
        assertThat(teacher.ownTeacher()).isEqualTo(new OwnTeacher.Others(3, 2));
        assertThat(first.terms()).as("no peer has a copy yet").hasSize(1);
        Term.Copies copies = (Term.Copies) first.terms().get(0);
        assertThat(copies.students()).extracting(Term.Copy::slot).containsExactly(0, 2);
        assertThat(copies.students().get(1).weights().get("fc.bias").toDoubles())
                .containsExactly(4, 5, 6);
        assertThat(second.terms())
                .containsExactly(new Term.OwnTarget("others_copies", Term.OwnTarget.Form.DIVERGENCE, 0.7, 2));
        assertThat(second.next()).isEqualTo(first.next());
    }

    @Test
    void handsOverWhatThoseWhoSpokeHandedOver() {
        Teacher teacher = teacher("codistillation", CHECKPOINTS);
        Cohort cohort = Cohort.random(1, MIXED, List.of(0, 2), 1);
        Teacher.StepInput input = cohort.input(0, 0.1);
        Teacher.PeerPrediction second = input.predictions().get(1);
        List<Teacher.PeerPrediction> half = List.of(
                input.predictions().get(0),
                new Teacher.PeerPrediction(
                        second.peer(),
                        second.slot(),
                        second.tensors().with("weights/a", Tensor.of(DType.FLOAT32, new double[] {1}, 1))));

        Teacher.TeacherStep lesson =
                teacher.teach(teacher.initialState(), new Teacher.StepInput(1, 0, 0.1, input.labels(), half));

        assertThat(((Term.Copies) lesson.terms().get(0)).students())
                .extracting(Term.Copy::slot)
                .containsExactly(2);
    }

    @Test
    void refusesCheckpointsThatAreExchangedAllTheTime() {
        assertThatThrownBy(() -> teacher("codistillation", Map.of("exchange", "checkpoints", "every_steps", "0")))
                .hasMessage("method.every_steps: 0: must be at least 1 with method.exchange=checkpoints");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.5", "soon", "9999999999999999999"})
    void refusesWhatIsNoNumberOfSteps(String value) {
        assertThatThrownBy(() -> teacher("codistillation", Map.of("every_steps", value)))
                .hasMessage("method.every_steps: " + value + ": must be a whole number of at least 0");
    }
}
