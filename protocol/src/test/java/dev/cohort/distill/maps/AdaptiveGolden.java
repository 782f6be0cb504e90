package dev.cohort.distill.maps;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Adaptive distillation against golden values, on logits, pooled features and maps. */
public final class AdaptiveGolden {
    private static final List<String> FORMS =
            List.of("logits", "pooled", "pooled_adapter", "maps", "maps_adapter", "layerwise");

    private AdaptiveGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        FORMS.forEach(form -> checks.put("adaptive_uncertainty_" + form, AdaptiveGolden::check));
        return checks;
    }

    private static void check(GoldenFile file) {
        List<AdaptivePath> paths = new ArrayList<>();
        file.hyperNode("paths").forEach(word -> paths.add(AdaptivePath.of(word.asText())));
        AdaptiveWeights weights = new AdaptiveWeights(numbers(file, "a"), numbers(file, "velocity"));
        Tensor logits = GoldenFile.tensor(file.input("z"));
        AdaptiveDistillation.Student student =
                new AdaptiveDistillation.Student(logits, maps(file, "maps", "f"), adapters(file));
        AdaptiveDistillation.Teacher teacher = new AdaptiveDistillation.Teacher(
                GoldenFile.tensor(file.input("teacher_logits")), maps(file, "teacher_maps", "teacher_f"), head(file));
        AdaptiveDistillation.Result result = new AdaptiveDistillation(file.hyper("alpha"), file.hyper("T"), paths)
                .of(file.labels(), student, teacher, weights);
        AdaptiveWeights next =
                weights.step(result.weights(), file.hyper("lr"), file.hyper("momentum"), file.hyper("weight_decay"));

        file.compare("ce", result.crossEntropy());
        file.compare("path_losses", array(result.pathLosses()));
        file.compare("weights", array(weights.weights()));
        file.compare("loss", result.loss());
        file.compare("grad_z", result.logits().toDoubles());
        file.compare("grad_a", array(result.weights()));
        file.compare("a_next", array(next.a()));
        file.compare("velocity_next", array(next.velocity()));
        if (!result.maps().isEmpty()) {
            file.compare(
                    file.hasInput("maps") ? "grad_maps" : "grad_f",
                    joined(result.maps().stream().map(FeatureMap::toDoubles).toList()));
        }
        if (file.hasInput("adapter_weight")) {
            assertThat(file.hyper("bn_eps")).isEqualTo(MapAdapter.EPSILON);
            for (String name : List.of(Adapter.WEIGHT, MapAdapter.GAMMA, MapAdapter.BETA)) {
                file.compare(
                        "grad_adapter_" + name,
                        joined(result.adapters().stream()
                                .map(one -> one.get(name).toDoubles())
                                .toList()));
            }
        }
    }

    private static List<Double> numbers(GoldenFile file, String input) {
        return Arrays.stream(GoldenFile.numbers(file.input(input))).boxed().toList();
    }

    private static double[] array(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[] joined(List<double[]> arrays) {
        return arrays.stream().flatMapToDouble(Arrays::stream).toArray();
    }

    private static List<FeatureMap> maps(GoldenFile file, String stages, String pooled) {
        List<FeatureMap> maps = new ArrayList<>();
        if (file.hasInput(stages)) {
            file.input(stages).forEach(stage -> maps.add(MapsGolden.map(stage)));
        } else if (file.hasInput(pooled)) {
            maps.add(MapsGolden.map(file.input(pooled)));
        }
        return maps;
    }

    private static List<Adapter> adapters(GoldenFile file) {
        int stages = maps(file, "maps", "f").size();
        boolean pooled = file.hasInput("f");
        return IntStream.range(0, stages)
                .mapToObj(i -> {
                    if (!file.hasInput("adapter_weight")) {
                        return (Adapter) new Adapter.None();
                    }
                    NamedTensors parameters = NamedTensors.none();
                    for (String name : List.of(Adapter.WEIGHT, MapAdapter.GAMMA, MapAdapter.BETA)) {
                        JsonNode node = file.input("adapter_" + name);
                        parameters = parameters.with(name, GoldenFile.tensor(pooled ? node : node.get(i)));
                    }
                    return new MapAdapter(parameters);
                })
                .toList();
    }

    private static Optional<TeacherHead> head(GoldenFile file) {
        return file.hasInput("head_weight")
                ? Optional.of(new TeacherHead(
                        GoldenFile.tensor(file.input("head_weight")), GoldenFile.tensor(file.input("head_bias"))))
                : Optional.empty();
    }
}
