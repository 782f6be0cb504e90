package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The rules of {@link Kdcl} that read the batch alone, against the differentiated whole. */
class KdclGoldenTest {
    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream().flatMap(file -> switch (file.method()) {
            case "kdcl_naive" ->
                GoldenCase.tests(
                        file,
                        1e-9,
                        golden -> golden.file()
                                .compare(
                                        "chosen_peer",
                                        KdclNaive.best(
                                                compared(golden),
                                                golden.cohort().labels())));
            case "kdcl_minlogit" -> GoldenCase.tests(file, 1e-9, KdclGoldenTest::compared);
            // The file says that its weights are converged to 1e-12 and is to be compared at 1e-6.
            case "kdcl_linear" ->
                GoldenCase.tests(file, 1e-6, golden -> {
                    Cohort cohort = golden.cohort();
                    ConvexEnsemble convex = new ConvexEnsemble(compared(golden), cohort.labels());
                    double[] alpha = convex.solve();
                    golden.file().compare("alpha", alpha);
                    golden.file().compare("ce_of_teacher", convex.valueAt(alpha));
                });
            case "kdcl_general" -> GoldenCase.tests(file, 1e-9, KdclGoldenTest::general);
            default -> Stream.of();
        });
    }

    private static void general(GoldenCase golden) {
        Cohort cohort = golden.cohort();
        int classes = cohort.labels().classes();
        List<double[]> opinions = new ArrayList<>();
        golden.file().input("validation_z").forEach(z -> opinions.add(GoldenFile.numbers(z)));
        double[] errors =
                KdclGeneral.errors(opinions, GoldenFile.numbers(golden.file().input("validation_y")), classes);
        golden.file().compare("C", errors);
        golden.file().compare("alpha", KdclGeneral.alpha(errors, cohort.size()));
        KdclGeneral teacher = (KdclGeneral) golden.teacher(golden.file().method(), golden.strength(), cohort);
        compared(golden, teacher, teacher.knowing(errors, cohort.size()));
    }

    private static List<double[]> compared(GoldenCase golden) {
        Teacher teacher = golden.teacher(golden.file().method(), golden.strength(), golden.cohort());
        return compared(golden, teacher, teacher.initialState());
    }

    /** Compares what all rules have, and gives the logits. */
    private static List<double[]> compared(GoldenCase golden, Teacher teacher, NamedTensors state) {
        Cohort cohort = golden.cohort();
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, 0.1));
        List<Objective.Result> results = IntStream.range(0, cohort.size())
                .mapToObj(i -> cohort.objective(i, lesson))
                .toList();
        double[] losses = results.stream()
                .mapToDouble(r -> r.crossEntropy() + r.distillation())
                .toArray();
        Term.SoftTarget target = (Term.SoftTarget) lesson.terms().get(0);

        assertThat(target.space()).isEqualTo(Term.Space.LOGITS);
        golden.file().compare("teacher_logits", target.values().toDoubles());
        golden.file().compare("per_peer_loss", losses);
        golden.file().compare("loss", Arrays.stream(losses).sum());
        golden.file()
                .compare(
                        "grad_z",
                        results.stream()
                                .flatMapToDouble(
                                        r -> Arrays.stream(r.logitsGradient().toDoubles()))
                                .toArray());
        return IntStream.range(0, cohort.size()).mapToObj(cohort::logits).toList();
    }
}
