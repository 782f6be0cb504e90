package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Methods whose target is made from the labels alone, against the differentiated whole. */
class VirtualTeachersGoldenTest {
    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .flatMap(file -> check(file.method()).stream().flatMap(check -> GoldenCase.tests(file, 1e-9, check)));
    }

    private static Optional<Consumer<GoldenCase>> check(String method) {
        return switch (method) {
            case "label_smoothing" -> Optional.of(VirtualTeachersGoldenTest::labelSmoothing);
            case "tfkd_reg" -> Optional.of(VirtualTeachersGoldenTest::tfkdReg);
            default -> Optional.empty();
        };
    }

    private static void labelSmoothing(GoldenCase golden) {
        GoldenFile file = golden.file();
        double epsilon = file.hyper("eps");
        Cohort cohort = golden.alone();
        int classes = cohort.labels().classes();
        for (String form : List.of("uniform", "others")) {
            Objective.Result result =
                    result(golden, cohort, "label_smoothing", Map.of("epsilon", "" + epsilon, "form", form));
            double given = form.equals("uniform") ? epsilon : epsilon * classes / (classes - 1);
            // The stored loss is a cross-entropy, the reported one a divergence: the entropy of u lies between.
            double loss = (1 - given) * result.crossEntropy() + result.distillation() + given * StrictMath.log(classes);
            file.compare("loss_" + form, loss);
            file.compare("grad_" + form, result.logitsGradient().toDoubles());
        }
    }

    private static void tfkdReg(GoldenCase golden) {
        GoldenFile file = golden.file();
        double alpha = file.hyper("alpha");
        Cohort cohort = golden.alone();
        for (String student : List.of("untempered", "tempered")) {
            Map<String, String> parameters = Map.of(
                    "a", "" + file.hyper("a"), "tau", "" + file.hyper("tau"), "alpha", "" + alpha, "student", student);
            Teacher teacher = golden.teacher("tfkd_reg", parameters, cohort);
            Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
            Objective.Result result = cohort.objective(0, lesson);
            file.compare("loss_" + student, (1 - alpha) * result.crossEntropy() + result.distillation());
            file.compare("grad_" + student, result.logitsGradient().toDoubles());
            file.compare(
                    "target", ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles());
            SoftLabels labels = cohort.labels();
            file.compare("virtual_teacher", ((TfkdReg) teacher).virtualTeacher(labels, 0));
        }
    }

    private static Objective.Result result(
            GoldenCase golden, Cohort cohort, String method, Map<String, String> parameters) {
        Teacher teacher = golden.teacher(method, parameters, cohort);
        return cohort.objective(0, teacher.teach(teacher.initialState(), cohort.input(0, 0.1)));
    }
}
