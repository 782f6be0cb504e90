package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.Adapter;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.MapLoss;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What students learn from the feature maps of others: for student i the mean or the sum over its teachers j of
 *
 * <pre>
 * sum over maps of d(A_ij(F_i), F_j),  F_j constant, A_ij an adapter of its own for each map, or none
 * </pre>
 */
final class MapLessons {
    private final List<String> maps;
    private final Distance distance;
    private final MapAdapters adapters;
    private final Over over;

    /** How the losses from several teachers become one. */
    enum Over {
        MEAN,
        SUM
    }

    /** d, of maps of one batch. */
    @FunctionalInterface
    interface Distance {
        MapLoss between(FeatureMap student, FeatureMap teacher);
    }

    /** @param maps names, such as {@code map/last} */
    MapLessons(List<String> maps, Distance distance, MapAdapters adapters, Over over) {
        this.maps = maps;
        this.distance = distance;
        this.adapters = adapters;
        this.over = over;
    }

    /** The unweighted losses and gradients of one student. */
    static final class Lesson {
        /** By the name of the map without its prefix. */
        final SortedMap<String, Double> losses = new TreeMap<>();
        /** At the student's maps, by their names. */
        final SortedMap<String, double[]> maps = new TreeMap<>();
        /** By the name of the parameter in the state. */
        final SortedMap<String, double[]> parameters = new TreeMap<>();

        /** The terms for the student: {@code weight} times the gradients, and the losses without it as figures. */
        List<Term> terms(String name, int slot, double weight, PublishedMaps published, DType wire) {
            List<Term> terms = new ArrayList<>(published.leafGradients(name, slot, scaled(maps, weight), wire));
            terms.add(new Term.Figures(name, losses));
            return terms;
        }

        SortedMap<String, double[]> weighedParameters(double weight) {
            return scaled(parameters, weight);
        }

        private static SortedMap<String, double[]> scaled(SortedMap<String, double[]> gradients, double factor) {
            SortedMap<String, double[]> scaled = new TreeMap<>();
            gradients.forEach((name, gradient) -> scaled.put(name, PredictionMatrices.scaled(gradient, factor)));
            return scaled;
        }
    }

    /**
     * The lesson of every student with a teacher, by slot. No lesson needs another, so they are made side by side; each is made by
     * one thread, so its bits do not depend on how many there are.
     *
     * @param taught what stands for the maps of teachers
     */
    SortedMap<Integer, Lesson> of(NamedTensors state, PublishedMaps published, PublishedMaps taught) {
        return published.slots().parallelStream()
                .filter(student ->
                        !adapters.teachers(student, published.slots()).isEmpty())
                .collect(
                        TreeMap::new,
                        (lessons, student) -> lessons.put(student, of(state, published, taught, student)),
                        Map::putAll);
    }

    private Lesson of(NamedTensors state, PublishedMaps published, PublishedMaps taught, int student) {
        List<Integer> teachers = adapters.teachers(student, published.slots());
        Lesson lesson = new Lesson();
        double share = over == Over.SUM ? 1 : 1.0 / teachers.size();
        for (String map : maps) {
            double loss = 0;
            List<double[]> atMap = new ArrayList<>();
            for (int teacher : teachers) {
                TrainedAdapter adapter = adapters.between(student, teacher, map);
                Adapter.Pass pass = adapter.in(state).forward(published.map(student, map));
                MapLoss one = distance.between(pass.output(), taught.map(teacher, map));
                Adapter.Gradients gradients = pass.backward(one.gradient());
                loss += share * one.loss();
                atMap.add(gradients.input().toDoubles());
                adapter.named(gradients.parameters())
                        .forEach((name, of) -> lesson.parameters.put(name, PredictionMatrices.scaled(of, share)));
            }
            lesson.losses.put(PublishedMaps.word(map), loss);
            lesson.maps.put(map, over == Over.SUM ? sum(atMap) : PredictionMatrices.mean(atMap));
        }
        return lesson;
    }

    private static double[] sum(List<double[]> matrices) {
        double[] ones = new double[matrices.size()];
        Arrays.fill(ones, 1);
        return PredictionMatrices.combined(matrices, ones);
    }
}
