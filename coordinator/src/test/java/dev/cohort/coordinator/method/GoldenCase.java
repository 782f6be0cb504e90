package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A step as a golden file describes it, and the type of everything on the wire. */
record GoldenCase(GoldenFile file, DType type) {
    SoftLabels labels() {
        int classes = file.input("y").get(0).size();
        double first = file.input("labels.lam").asDouble();
        SoftLabels labels = new SoftLabels(
                classes, List.of(ids("labels.label_a"), ids("labels.label_b")), List.of(first, 1 - first));
        assertThat(labels.dense()).containsExactly(GoldenFile.numbers(file.input("y")), within(1e-12));
        return labels;
    }

    private Ints ids(String path) {
        return Ints.of(Arrays.stream(GoldenFile.numbers(file.input(path)))
                .mapToInt(id -> (int) id)
                .toArray());
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
