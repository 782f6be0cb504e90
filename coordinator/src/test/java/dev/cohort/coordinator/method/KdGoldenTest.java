package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.experiment.Experiment;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The loss of the methods with a stored teacher, against the differentiated whole. */
class KdGoldenTest {
    private static final Map<DType, Double> TOLERANCES = Map.of(DType.FLOAT64, 1e-9, DType.FLOAT32, 1e-5);

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().equals("kd"))
                .flatMap(file -> Stream.of("kd", "reversed_kd", "defective_kd", "tfkd_self")
                        .flatMap(method -> Stream.of(DType.FLOAT64, DType.FLOAT32)
                                .map(type -> DynamicTest.dynamicTest(
                                        method + " by " + file + " in " + type,
                                        () -> check(
                                                new GoldenCase(
                                                        file.within(Optional.ofNullable(TOLERANCES.get(type))
                                                                .orElseThrow()),
                                                        type),
                                                method)))));
    }

    private static void check(GoldenCase golden, String method) {
        GoldenFile file = golden.file();
        SoftLabels labels = golden.labels();
        double alpha = file.hyper("alpha");
        Teacher teacher = MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, Map.of("alpha", "" + alpha, "temperature", "" + file.hyper("T"))),
                        new TeacherSetting(1, Ints.of(1), labels.classes(), 1, Cohort.sgd(0, false, 0), golden.type()));
        Cohort noPeers = new Cohort(labels, List.of(), List.of());
        Teacher.TeacherStep lesson = teacher.teach(NamedTensors.none(), noPeers.input(0, 0.1));
        Tensor logits = tensor(golden, "z", labels);

        Objective.Result result = Objective.of(
                labels,
                lesson.labelWeight(),
                lesson.terms(),
                NamedTensors.of(TensorName.LOGITS, logits),
                NamedTensors.of(TensorName.LOGITS, logits)
                        .with(TensorName.OWN_TEACHER, tensor(golden, "teacher_logits", labels)),
                Optional.empty(),
                golden.type());

        file.compare("loss", lesson.labelWeight() * result.crossEntropy() + result.distillation());
        file.compare("grad_z", result.logitsGradient().toDoubles());
        file.assertAllCompared();
    }

    private static Tensor tensor(GoldenCase golden, String input, SoftLabels labels) {
        return Tensor.of(
                golden.type(), GoldenFile.numbers(golden.file().input(input)), labels.rows(), labels.classes());
    }
}
