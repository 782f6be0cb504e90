package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is computed for several peers at once has the same bits on any number of threads. */
class SideBySideTest {
    private static final SoftLabels LABELS = new SoftLabels(3, List.of(Ints.of(0, 1, 2, 0)), List.of(1.0));
    private static final List<Ints> SHAPES =
            List.of(Ints.of(3, 4, 4), Ints.of(2, 4, 4), Ints.of(4, 5, 3), Ints.of(3, 4, 4));

    @ParameterizedTest
    @ValueSource(strings = {"fitnet", "attention_transfer", "nst", "factor_transfer", "feed", "afd"})
    void hasTheSameBitsOnAnyNumberOfThreads(String method) {
        Teacher teacher = MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, Map.of()),
                        new TeacherSetting(4, Ints.of(1, 1, 1, 1), 3, 7, Cohort.sgd(0.9, true, 0.01), DType.FLOAT64)
                                .withMaps(new MapShapes(new TreeMap<>(Map.of("map/last", SHAPES)))));
        Teacher.StepInput input = TensorDifferences.withMaps(1, LABELS, List.of(0, 1, 2, 3), "map/last", SHAPES)
                .input(0, 0.1);
        Teacher.TeacherStep alone = on(1, teacher, input);

        for (int threads : new int[] {2, 3, 7}) {
            assertThat(on(threads, teacher, input)).as("%d threads", threads).isEqualTo(alone);
        }
    }

    /** A parallel stream that is begun in a pool runs there. */
    private static Teacher.TeacherStep on(int threads, Teacher teacher, Teacher.StepInput input) {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            return pool.submit(() -> teacher.teach(teacher.initialState(), input))
                    .join();
        } finally {
            pool.shutdown();
        }
    }
}
