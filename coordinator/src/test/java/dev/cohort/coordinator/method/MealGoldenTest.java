package dev.cohort.coordinator.method;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The similarity loss, layer by layer, each as if it were the last. */
class MealGoldenTest {
    private static final Map<DType, Double> TOLERANCES = Map.of(DType.FLOAT64, 1e-9, DType.FLOAT32, 1e-5);

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().equals("meal_similarity"))
                .flatMap(file -> Stream.of(DType.FLOAT64, DType.FLOAT32)
                        .map(type -> DynamicTest.dynamicTest(
                                file + " in " + type,
                                () -> check(
                                        file.within(Optional.ofNullable(TOLERANCES.get(type))
                                                .orElseThrow()),
                                        type))));
    }

    private static void check(GoldenFile file, DType type) {
        double[] gammas = GoldenFile.numbers(file.hyperNode("gamma"));
        double loss = 0;
        DoubleStream gradients = DoubleStream.empty();
        for (int layer = 0; layer < gammas.length; layer++) {
            Tensor student = tensor(file.input("student").get(layer), type);
            Tensor teacher = tensor(file.input("teacher").get(layer), type);
            Objective.Result result = layer(gammas[layer], student, teacher);
            loss += result.distillation() + gammas[layer] * entropy(teacher);
            gradients = DoubleStream.concat(
                    gradients, Arrays.stream(result.logitsGradient().toDoubles()));
        }
        file.compare("loss", loss);
        file.compare("grad_student", gradients.toArray());
        file.assertAllCompared();
    }

    private static Tensor tensor(JsonNode rows, DType type) {
        return Tensor.of(
                type, GoldenFile.numbers(rows), rows.size(), rows.get(0).size());
    }

    /** What a peer makes of a lesson, with labels that must not matter. */
    private static Objective.Result layer(double gamma, Tensor student, Tensor teacher) {
        int rows = student.dimension(0);
        int width = student.dimension(1);
        SoftLabels unused = new SoftLabels(width, List.of(Ints.of(new int[rows])), List.of(1.0));
        Teacher meal = MethodCatalog.get("meal")
                .create(
                        new Experiment.Method("meal", Map.of("gamma", "" + gamma)),
                        new TeacherSetting(1, Ints.of(1), width, 1, Cohort.sgd(0, false, 0), student.dtype()));
        Teacher.TeacherStep lesson =
                meal.teach(NamedTensors.none(), new Cohort(unused, List.of(), List.of()).input(0, 0.1));
        return Objective.of(
                unused,
                lesson.labelWeight(),
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, student),
                NamedTensors.of(TensorName.LOGITS, student).with(TensorName.OWN_TEACHER, teacher),
                Optional.empty(),
                student.dtype());
    }

    /** By which the cross-entropy with soft targets is greater than the divergence. */
    private static double entropy(Tensor teacher) {
        double[] p = Softmax.probabilities(teacher.toDoubles(), teacher.dimension(1), 1);
        double[] logarithms = Softmax.logProbabilities(teacher.toDoubles(), teacher.dimension(1), 1);
        double entropy = 0;
        for (int i = 0; i < p.length; i++) {
            entropy -= p[i] * logarithms[i];
        }
        return entropy / teacher.dimension(0);
    }
}
