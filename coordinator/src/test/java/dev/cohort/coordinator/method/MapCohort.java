package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Contributors that publish feature maps of different widths and heights, and what a teacher tells them. */
final class MapCohort {
    static final String LAST = "map/last";
    static final String STAGE = "map/stage1";
    static final SoftLabels LABELS = new SoftLabels(3, List.of(Ints.of(0, 1, 2, 0)), List.of(1.0));
    /** Slots 0 and 3 have maps of equal shapes, slot 1 wider and narrower ones, slot 2 maps of another height and width. */
    static final MapShapes SHAPES = new MapShapes(new TreeMap<>(Map.of(
            STAGE, List.of(Ints.of(2, 4, 4), Ints.of(3, 4, 4), Ints.of(2, 5, 3), Ints.of(2, 4, 4)),
            LAST, List.of(Ints.of(3, 2, 2), Ints.of(2, 2, 2), Ints.of(4, 3, 1), Ints.of(3, 2, 2)))));

    private MapCohort() {}

    static Teacher teacher(String method, Map<String, String> parameters, Experiment.Optimizer optimizer) {
        return teacher(method, parameters, optimizer, DType.FLOAT64);
    }

    static Teacher teacher(String method, Map<String, String> parameters, Experiment.Optimizer optimizer, DType wire) {
        TeacherSetting setting =
                new TeacherSetting(4, Ints.of(2, 2, 2, 2), LABELS.classes(), 7, optimizer, wire).withMaps(SHAPES);
        return MethodCatalog.get(method).create(new Experiment.Method(method, parameters), setting);
    }

    static Cohort random(long seed, List<Integer> slots) {
        Cohort cohort = Cohort.random(seed, LABELS, slots, 2);
        SplittableRandom random = new SplittableRandom(-seed);
        List<NamedTensors> published = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            NamedTensors own = cohort.published().get(i);
            for (String name : SHAPES.bySlot().keySet()) {
                own = own.with(name, tensor(name, slots.get(i), drawn(random, name, slots.get(i))));
            }
            published.add(own);
        }
        return new Cohort(LABELS, slots, published);
    }

    private static double[] drawn(SplittableRandom random, String name, int slot) {
        Ints row = SHAPES.row(name, slot);
        return random.doubles((long) LABELS.rows() * row.get(0) * row.get(1) * row.get(2), -1, 1)
                .toArray();
    }

    /** A map [B, C, H, W] of a slot. */
    static Tensor tensor(String name, int slot, double[] values) {
        Ints row = SHAPES.row(name, slot);
        return Tensor.of(DType.FLOAT64, values, LABELS.rows(), row.get(0), row.get(1), row.get(2));
    }

    /** The same contributors, of whom number {@code i} has other values in a map. */
    static Cohort with(Cohort cohort, int i, String name, double[] values) {
        List<NamedTensors> published = new ArrayList<>(cohort.published());
        published.set(i, published.get(i).with(name, tensor(name, cohort.slots().get(i), values)));
        return new Cohort(cohort.labels(), cohort.slots(), published);
    }

    static FeatureMap map(Cohort cohort, int i, String name) {
        return FeatureMap.of(cohort.published().get(i).get(name));
    }

    /** The gradients that a lesson has for a slot, summed by the tensor they belong to. */
    static SortedMap<String, double[]> gradients(Teacher.TeacherStep lesson, int slot) {
        SortedMap<String, double[]> gradients = new TreeMap<>();
        for (Term term : terms(lesson, slot)) {
            if (term instanceof Term.LeafGradient leaf) {
                gradients.merge(leaf.tensor(), leaf.gradient().toDoubles(), MapCohort::sum);
            }
        }
        return gradients;
    }

    private static double[] sum(double[] one, double[] other) {
        return PredictionMatrices.combined(List.of(one, other), new double[] {1, 1});
    }

    /** The figures that a lesson has for a slot under a name. */
    static SortedMap<String, Double> figures(Teacher.TeacherStep lesson, int slot, String name) {
        for (Term term : terms(lesson, slot)) {
            if (term instanceof Term.Figures figures && figures.name().equals(name)) {
                return figures.values();
            }
        }
        return new TreeMap<>();
    }

    static List<Term> terms(Teacher.TeacherStep lesson, int slot) {
        return lesson.addressed().getOrDefault(slot, List.of());
    }

    static double total(SortedMap<String, Double> figures) {
        return figures.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    static double[] of(SortedMap<String, double[]> gradients, String name) {
        return gradients.getOrDefault(name, new double[0]);
    }
}
