package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.Adapter;
import dev.cohort.distill.maps.AdaptiveDistillation;
import dev.cohort.distill.maps.AdaptivePath;
import dev.cohort.distill.maps.AdaptiveWeights;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The paths of {@link Adaptive} on feature maps, the losses of {@link AdaptiveDistillation}: for path k of student i
 *
 * <pre>
 * l_k = 1/(m-1) sum over j != i of sum over maps of d_k(A_ij(F_i), F_j),  F_j constant
 * </pre>
 *
 * d_k is that of {@code nst}, {@code attention_transfer} or {@code feature_map}; a path such as {@code nst:0} is of one map alone.
 * A_ij is an adapter of its own for each student, teacher and map, which the paths but attention_transfer share: a 1x1 convolution
 * without bias and a batch norm where the numbers of channels differ, otherwise none. The coordinator trains it.
 */
final class MapPaths {
    static final String NONE = "none";

    private final List<String> maps;
    private final List<AdaptivePath> paths;
    private final MapAdapters adapters;

    /**
     * @param words of the paths, separated by commas, or {@link #NONE}
     * @param maps names of maps, separated by commas
     * @throws IllegalArgumentException if a path is of a map that there is not
     */
    MapPaths(String words, String maps, TeacherSetting setting) {
        paths = words.equals(NONE)
                ? List.of()
                : Arrays.stream(words.split(",", -1)).map(AdaptivePath::of).toList();
        this.maps = paths.isEmpty() ? List.of() : PublishedMaps.names(maps);
        for (AdaptivePath path : paths) {
            if (path.stage().orElse(0) >= this.maps.size()) {
                throw new IllegalArgumentException("path " + path.word() + ": its map must be below " + this.maps.size()
                        + ", the number of maps (" + maps + ")");
            }
        }
        adapters = new MapAdapters(
                this.maps, TrainedAdapter.Form.MAP, (student, teacher) -> true, TaughtMaps.WHOLE, setting);
    }

    /** Names of the maps, none without paths. */
    List<String> reads() {
        return maps;
    }

    int count() {
        return paths.size();
    }

    /** The name of path {@code k}, such as {@code nst} or {@code nst:0}. */
    String word(int k) {
        return paths.get(k).word();
    }

    /** Adds fresh adapters to a state. */
    void initial(Map<String, Tensor> state) {
        if (needAdapters()) {
            adapters.initial(state);
        }
    }

    private boolean needAdapters() {
        return paths.stream().anyMatch(path -> path.kind() != AdaptivePath.Kind.ATTENTION_TRANSFER);
    }

    /** As {@link MapAdapters#renewed}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
        return needAdapters() ? adapters.renewed(state, initial, slot) : state;
    }

    /**
     * The paths of one student; none if it is alone.
     *
     * @param firstNumber number of the first of them
     */
    List<LearningPath> of(
            NamedTensors state, PublishedMaps published, int student, Teacher.StepInput input, int firstNumber) {
        List<LearningPath> found = new ArrayList<>();
        List<Integer> teachers = adapters.teachers(student, published.slots());
        if (!teachers.isEmpty()) {
            SortedMap<Integer, NamedTensors> tensors = PredictionMatrices.bySlot(input.predictions());
            for (int k = 0; k < paths.size(); k++) {
                AdaptivePath path = paths.get(k);
                List<AdaptiveDistillation.Result> results = teachers.stream()
                        .map(teacher -> alone(state, published, path, student, teacher, tensors, input))
                        .toList();
                found.add(mean(firstNumber + k, path, student, teachers, results));
            }
        }
        return found;
    }

    private List<String> mapsOf(AdaptivePath path) {
        return path.stage().isPresent() ? List.of(maps.get(path.stage().getAsInt())) : maps;
    }

    /** One path from one teacher, with the weight 1. */
    private AdaptiveDistillation.Result alone(
            NamedTensors state,
            PublishedMaps published,
            AdaptivePath path,
            int student,
            int teacher,
            SortedMap<Integer, NamedTensors> tensors,
            Teacher.StepInput input) {
        boolean plain = path.kind() == AdaptivePath.Kind.ATTENTION_TRANSFER;
        List<FeatureMap> own = new ArrayList<>();
        List<FeatureMap> theirs = new ArrayList<>();
        List<Adapter> between = new ArrayList<>();
        for (String map : mapsOf(path)) {
            own.add(published.map(student, map));
            theirs.add(published.map(teacher, map));
            between.add(
                    plain
                            ? new Adapter.None()
                            : adapters.between(student, teacher, map).in(state));
        }
        AdaptivePath ofThese = new AdaptivePath(path.kind(), OptionalInt.empty());
        return new AdaptiveDistillation(1, 1, List.of(ofThese))
                .of(
                        input.labels(),
                        new AdaptiveDistillation.Student(logits(tensors, student), own, between),
                        new AdaptiveDistillation.Teacher(logits(tensors, teacher), theirs, Optional.empty()),
                        AdaptiveWeights.untrained(1));
    }

    private static Tensor logits(SortedMap<Integer, NamedTensors> tensors, int slot) {
        return tensors.getOrDefault(slot, NamedTensors.none()).get(TensorName.LOGITS);
    }

    private LearningPath mean(
            int number,
            AdaptivePath path,
            int student,
            List<Integer> teachers,
            List<AdaptiveDistillation.Result> results) {
        List<String> names = mapsOf(path);
        SortedMap<String, double[]> gradients = new TreeMap<>();
        SortedMap<String, double[]> parameters = new TreeMap<>();
        for (int stage = 0; stage < names.size(); stage++) {
            List<double[]> atMap = new ArrayList<>();
            for (int t = 0; t < results.size(); t++) {
                atMap.add(results.get(t).maps().get(stage).toDoubles());
                adapters.between(student, teachers.get(t), names.get(stage))
                        .named(results.get(t).adapters().get(stage))
                        .forEach((name, of) ->
                                parameters.put(name, PredictionMatrices.scaled(of, 1.0 / results.size())));
            }
            gradients.put(names.get(stage), PredictionMatrices.mean(atMap));
        }
        double loss = 0;
        for (AdaptiveDistillation.Result result : results) {
            loss += result.pathLosses().get(0) / results.size();
        }
        return new LearningPath(number, loss, Optional.empty(), gradients, parameters);
    }
}
