package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.Term;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class OnlineEnsembleCompressionGoldenTest {
    private static final String NAME = "online_ensemble_compression";

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().equals(NAME))
                .flatMap(file -> GoldenCase.tests(file, 1e-9, OnlineEnsembleCompressionGoldenTest::check));
    }

    private static void check(GoldenCase golden) {
        GoldenFile file = golden.file();
        double labelWeight = file.hyper("w_ce");
        Cohort cohort = golden.cohort();
        Teacher teacher = golden.teacher(
                NAME,
                Map.of(
                        "temperature", "" + file.hyper("T"),
                        "weight", "" + file.hyper("w_kd"),
                        "label_weight", "" + labelWeight,
                        "hints", "false"),
                cohort);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
        List<Objective.Result> results = IntStream.range(0, cohort.size())
                .mapToObj(i -> cohort.objective(i, lesson))
                .toList();

        file.compare(
                "teacher_logits",
                ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles());
        file.compare(
                "loss",
                results.stream()
                        .mapToDouble(r -> labelWeight * r.crossEntropy() + r.distillation())
                        .sum());
        file.compare(
                "grad_z",
                results.stream()
                        .flatMapToDouble(r -> Arrays.stream(r.logitsGradient().toDoubles()))
                        .toArray());
    }
}
