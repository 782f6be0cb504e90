package dev.cohort.coordinator.method;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** A step as a golden file describes it, and the type of everything on the wire. */
record GoldenCase(GoldenFile file, DType type) {
    /** One test in double and one in float, in which every expected number of {@code file} is compared. */
    static Stream<DynamicTest> tests(GoldenFile file, double tolerance, Consumer<GoldenCase> check) {
        return Stream.of(
                test(new GoldenCase(file.within(tolerance), DType.FLOAT64), check),
                test(new GoldenCase(file.within(Math.max(tolerance, 1e-5)), DType.FLOAT32), check));
    }

    private static DynamicTest test(GoldenCase golden, Consumer<GoldenCase> check) {
        return DynamicTest.dynamicTest(golden.file() + " in " + golden.type(), () -> {
            check.accept(golden);
            golden.file().assertAllCompared();
        });
    }

    SoftLabels labels() {
        return file.labels();
    }

    Cohort cohort() {
        SoftLabels labels = labels();
        JsonNode logits = file.input("z");
        return Cohort.of(
                labels,
                IntStream.range(0, logits.size())
                        .mapToObj(i -> Cohort.tensors(type, labels, GoldenFile.numbers(logits.get(i)), features(i)))
                        .toList());
    }

    /** The cohort of a file about a single student, whose logits are [batch][class]. */
    Cohort alone() {
        SoftLabels labels = labels();
        double[] logits = GoldenFile.numbers(file.input("z"));
        return Cohort.of(labels, List.of(Cohort.tensors(type, labels, logits, new double[labels.rows()])));
    }

    /** Pooled features, or a column of zeros where none are read. */
    private double[] features(int peer) {
        return file.hasInput("f") && file.input("f").has(peer)
                ? GoldenFile.numbers(file.input("f").get(peer))
                : new double[file.input("y").size()];
    }

    Teacher teacher(String method, Map<String, String> parameters, Cohort cohort) {
        int[] widths = cohort.published().stream()
                .mapToInt(own -> own.get(TensorName.FEATURES).dimension(1))
                .toArray();
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(
                                cohort.size(),
                                Ints.of(widths),
                                cohort.labels().classes(),
                                1,
                                Cohort.sgd(0, false, 0),
                                type));
    }

    Map<String, String> strength() {
        return Map.of("temperature", "" + file.hyper("T"), "weight", "" + file.hyper("w"));
    }
}
