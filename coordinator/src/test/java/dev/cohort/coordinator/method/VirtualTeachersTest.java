package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VirtualTeachersTest {
    private static final Ints FIRST = Ints.of(0, 1, 2, 3, 0);
    private static final Ints SECOND = Ints.of(3, 1, 0, 2, 2);

    @ParameterizedTest
    @ValueSource(strings = {"label_smoothing", "tfkd_reg"})
    void waitsForNobody(String method) {
        Teacher teacher = teacher(method, Map.of(), 4);
        Teacher.TeacherStep lesson =
                teacher.teach(NamedTensors.none(), new Teacher.StepInput(1, 0, 0.1, labels(4, FIRST), List.of()));

        assertThat(teacher.distils()).isTrue();
        assertThat(teacher.contributorsMin()).isZero();
        assertThat(lesson.terms()).hasSize(1);
        assertThat(lesson.addressed()).isEmpty();
    }

    /** Form others with C classes is CE with labels of 1 - epsilon and epsilon / (C - 1); mixed ones as well. */
    @ParameterizedTest
    @CsvSource({"uniform, 0.1", "others, 0.1", "uniform, 0.9", "others, 0.75", "others, 1"})
    void hasTheGradientOfTheSmoothedLabels(String form, double epsilon) {
        SoftLabels mixed = mixed(4);
        Cohort cohort = Cohort.random(1, mixed, List.of(0), 1);
        double[] y = mixed.dense();
        double[] smoothed = new double[y.length];
        for (int i = 0; i < y.length; i++) {
            smoothed[i] = form.equals("uniform")
                    ? (1 - epsilon) * y[i] + epsilon / 4
                    : (1 - epsilon) * y[i] + epsilon / 3 * (1 - y[i]);
        }
        Term whole = new Term.SoftTarget(
                "y", Tensor.of(DType.FLOAT64, smoothed, 5, 4), Term.Space.PROBABILITIES, Term.Vote.INCLUDED, 1, 1);

        double[] gradient =
                gradient(cohort, teacher("label_smoothing", Map.of("form", form, "epsilon", "" + epsilon), 4));

        assertThat(gradient)
                .containsExactly(
                        cohort.objective(0, 0, List.of(whole), DType.FLOAT64)
                                .logitsGradient()
                                .toDoubles(),
                        within(1e-15));
    }

    @Test
    void sendsOneRowForTheWholeBatch() {
        Term.SoftTarget target = target(teacher("label_smoothing", Map.of(), 4), labels(4, FIRST));

        assertThat(target.values().shape()).isEqualTo(Ints.of(1, 4));
        assertThat(target.values().toDoubles()).containsOnly(0.25);
    }

    /** The values that the rule of the official code gives: nearly uniform. */
    @ParameterizedTest
    @CsvSource({"10, 0.10453884, 0.09949568", "100, 0.01050207, 0.00999493", "1000, 0.00105069, 0.00099995"})
    void givesTheTargetsOfTheOfficialCode(int classes, double whereTrue, double elsewhere) {
        double[] target = target(teacher("tfkd_reg", Map.of(), classes), labels(classes, FIRST))
                .values()
                .toDoubles();

        assertThat(target[0]).isCloseTo(whereTrue, within(1e-7));
        assertThat(target[1]).isCloseTo(elsewhere, within(1e-7));
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += target[c];
        }
        assertThat(sum).isCloseTo(1, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"0.25, 20", "0.25, 1", "0.99, 1e6"})
    void isUniformWithoutKnowledgeOrInTheHeat(double a, double tau) {
        Map<String, String> parameters = Map.of("a", "" + a, "tau", "" + tau);

        assertThat(target(teacher("tfkd_reg", parameters, 4), labels(4, FIRST))
                        .values()
                        .toDoubles())
                .containsOnly(new double[] {0.25}, within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tempered", "untempered"})
    void sharesMixedLabelsOutLinearly(String student) {
        Map<String, String> parameters = Map.of("student", student, "tau", "3", "alpha", "0.4");
        Teacher teacher = teacher("tfkd_reg", parameters, 4);
        Cohort mixed = Cohort.random(2, mixed(4), List.of(0), 1);
        double[] first = gradient(new Cohort(labels(4, FIRST), List.of(0), mixed.published()), teacher);
        double[] second = gradient(new Cohort(labels(4, SECOND), List.of(0), mixed.published()), teacher);
        double[] sum = new double[first.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = 0.7 * first[i] + 0.3 * second[i];
        }

        assertThat(gradient(mixed, teacher)).containsExactly(sum, within(1e-15));
    }

    @Test
    void teachesAPeerThatIsLateTheSame() {
        Cohort cohort = Cohort.random(3, mixed(4), List.of(0), 1);
        Teacher.TeacherStep lesson = teacher("tfkd_reg", Map.of(), 4).teach(NamedTensors.none(), cohort.input(0, 0.1));
        Objective.Result late = Objective.of(
                cohort.labels(),
                lesson.labelWeight(),
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, cohort.published().get(0).get("logits")),
                cohort.published().get(0),
                Optional.empty(),
                DType.FLOAT64);

        assertThat(late.logitsGradient()).isEqualTo(cohort.objective(0, lesson).logitsGradient());
    }

    @ParameterizedTest
    @CsvSource({
        "label_smoothing, epsilon, 1.5, method.epsilon: 1.5: must be a number from 0 to 1",
        "label_smoothing, form, odd, 'method.form: odd: must be one of uniform, others'",
        "tfkd_reg, a, -0.1, method.a: -0.1: must be a number from 0 to 1",
        "tfkd_reg, tau, 0, method.tau: 0: must be a number from 0.001 to 1000000",
        "tfkd_reg, alpha, NaN, method.alpha: NaN: must be a number from 0 to 1",
        "tfkd_reg, student, cold, 'method.student: cold: must be one of untempered, tempered'"
    })
    void refusesNonsense(String method, String parameter, String value, String message) {
        Problems problems = new Problems();

        MethodCatalog.validate(new Experiment.Method(method, Map.of(parameter, value)), problems, "method");

        assertThat(problems.found()).containsExactly(message);
    }

    private static double[] gradient(Cohort cohort, Teacher teacher) {
        return cohort.objective(0, teacher.teach(NamedTensors.none(), cohort.input(0, 0.1)))
                .logitsGradient()
                .toDoubles();
    }

    private static Term.SoftTarget target(Teacher teacher, SoftLabels labels) {
        return (Term.SoftTarget) teacher.teach(NamedTensors.none(), new Teacher.StepInput(1, 0, 0.1, labels, List.of()))
                .terms()
                .get(0);
    }

    private static SoftLabels labels(int classes, Ints ids) {
        return new SoftLabels(classes, List.of(ids), List.of(1.0));
    }

    private static SoftLabels mixed(int classes) {
        return new SoftLabels(classes, List.of(FIRST, SECOND), List.of(0.7, 0.3));
    }

    private static Teacher teacher(String method, Map<String, String> parameters, int classes) {
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(1, Ints.of(1), classes, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }
}
