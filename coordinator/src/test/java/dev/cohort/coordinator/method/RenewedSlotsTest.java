package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A slot that is renewed is as before the first step, and the others are as they were. */
class RenewedSlotsTest {
    private static final int C = 3;
    private static final Ints WIDTHS = Ints.of(2, 3, 2);
    private static final List<String> MAPS = List.of("map/last", "map/stage1", "map/stage2", "map/stage3");
    private static final int RENEWED = 1;
    private static final SoftLabels LABELS = new SoftLabels(C, List.of(Ints.of(0, 1, 2, 0)), List.of(1.0));

    private static Teacher teacher(String method, String parameters) {
        return teacher(method, parameters, Cohort.sgd(0.9, false, 1e-3));
    }

    private static Teacher teacher(String method, String parameters, Experiment.Optimizer optimizer) {
        Map<String, String> given = new TreeMap<>();
        if (!parameters.equals("-")) {
            String[] parts = parameters.split("=", 2);
            given.put(parts[0], parts[1]);
        }
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, given),
                        new TeacherSetting(
                                        WIDTHS.size(),
                                        WIDTHS.size(),
                                        WIDTHS,
                                        C,
                                        7,
                                        optimizer,
                                        DType.FLOAT64,
                                        Ints.of(0, 1))
                                .withMaps(maps()));
    }

    /** Maps of as many channels as there are features, and of three by three. */
    private static MapShapes maps() {
        List<Ints> shapes =
                WIDTHS.stream().mapToObj(channels -> Ints.of(channels, 3, 3)).toList();
        SortedMap<String, List<Ints>> maps = new TreeMap<>();
        MAPS.forEach(name -> maps.put(name, shapes));
        return new MapShapes(maps);
    }

    private static double[] uniform(SplittableRandom random, int size) {
        return random.doubles(size, -1, 1).toArray();
    }

    private static Cohort cohort(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<NamedTensors> published = new ArrayList<>();
        for (int slot = 0; slot < WIDTHS.size(); slot++) {
            int rows = LABELS.rows();
            int width = WIDTHS.get(slot);
            NamedTensors own = NamedTensors.of(Map.of(
                    TensorName.LOGITS,
                    Tensor.of(DType.FLOAT64, uniform(random, rows * C), rows, C),
                    TensorName.OWN_TEACHER,
                    Tensor.of(DType.FLOAT64, uniform(random, rows * C), rows, C),
                    TensorName.VALIDATION,
                    Tensor.of(DType.FLOAT64, uniform(random, 2 * C), 2, C),
                    TensorName.FEATURES,
                    Tensor.of(DType.FLOAT64, uniform(random, rows * width), rows, width)));
            for (String name : MAPS) {
                own = own.with(name, Tensor.of(DType.FLOAT64, uniform(random, rows * width * 9), rows, width, 3, 3));
            }
            published.add(own);
        }
        return Cohort.of(LABELS, published);
    }

    private static NamedTensors trained(Teacher teacher) {
        NamedTensors state = teacher.initialState();
        for (int step = 0; step < 3; step++) {
            state = teacher.teach(state, cohort(step).input(step, 0.1)).next();
        }
        return state;
    }

    /** How many numbers of the two differ. */
    private static long differing(NamedTensors one, NamedTensors other) {
        long differing = 0;
        for (String name : one.asMap().keySet()) {
            double[] left = one.get(name).toDoubles();
            double[] right = other.get(name).toDoubles();
            for (int i = 0; i < left.length; i++) {
                differing += Double.compare(left[i], right[i]) == 0 ? 0 : 1;
            }
        }
        return differing;
    }

    /**
     * @param own numbers of the state that training changed and that belong to the slot, or to it and another one
     * @param shared numbers that it changed and that belong to no slot
     */
    @ParameterizedTest
    @CsvSource({
        // W [3, 7]: a row and, of the two others, three columns; bias, gamma and beta; all with momentum. Mean and
        // variance.
        "one, -, 34, 0",
        // W_s [3, 3] with momentum. Shared: the bias [3] with momentum.
        "pcl, -, 18, 6",
        // W_q and W_k [1, 3] with momentum.
        "okddip, -, 12, 0",
        // Row and column of C [3, 3], and whether it is known.
        "kdcl_general, -, 6, 0",
        // Five paths of its own and one of each of the two others, and the projection [2, 3]; all with momentum.
        "adaptive, weights=uncertainty, 26, 0",
        // Five paths of its own (no labels), one of each of the two others, and the projection; the adapters of nst, as
        // below.
        "adaptive, map_paths=nst, 114, 0",
        // Sum, count, previous and before of these paths and an epoch; the projection with momentum.
        "adaptive, weights=dwa, 41, 0",
        // Weight with momentum and first loss of these paths; the projection with momentum.
        "adaptive, weights=gradnorm, 33, 0",
        // The projection with momentum.
        "cutnmix, -, 12, 0",
        // Adapters: W [2, 3] and bias to either of the two others, W [3, 2] and bias from either; all with momentum.
        "fitnet, -, 68, 0",
        // As many adapters of W, gamma and beta.
        "nst, -, 88, 0",
        // Of those that lead to the widest, slot 1: W [3, 2] and bias from either of the two others on three maps; with
        // momentum.
        "online_ensemble_compression, -, 108, 0",
        // Codes of one channel. Paraphraser: encoder [3, 3, 9], [1, 3, 9] and [1, 1, 9] with biases [3], [1] and [1],
        // decoder as
        // large with biases [1], [3] and [3]; translators to either of the two others as the encoder, from either [2,
        // 2, 9],
        // [1, 2, 9] and [1, 1, 9] with biases [2], [1] and [1]; all with momentum.
        "factor_transfer, -, 1248, 0",
        "nst, kernel=mmd, 0, 0",
        "attention_transfer, -, 0, 0",
        // Kernels [3, 9], gamma and beta [3], columns [3, 3]; all with momentum. Mean and variance [3]. Shared: gamma
        // and beta [3], the linear layer [3, 3] and its bias [3], all with momentum; mean and variance [3].
        "ffl, -, 90, 42",
    })
    void isAsBeforeTheFirstStepAndNothingElseIs(String method, String parameters, long own, long shared) {
        Teacher teacher = teacher(method, parameters);
        NamedTensors initial = teacher.initialState();
        NamedTensors trained = trained(teacher);

        NamedTensors renewed = teacher.renewed(trained, RENEWED);
        NamedTensors all = teacher.renewed(trained, Ints.of(0, 1, 2));

        long changed = differing(trained, renewed);
        assertThat(changed).as("numbers of the slot").isEqualTo(own);
        assertThat(differing(renewed, initial)).isEqualTo(differing(trained, initial) - changed);
        assertThat(differing(all, initial)).as("numbers that belong to no slot").isEqualTo(shared);
        assertThat(teacher.renewed(renewed, RENEWED)).isEqualTo(renewed);
    }

    /** What AdamW keeps of gradients is zero before the first step. */
    @ParameterizedTest
    @CsvSource({
        "one, -, 0",
        "pcl, -, 12",
        "okddip, -, 0",
        "adaptive, weights=gradnorm, 0",
        "cutnmix, -, 0",
        "fitnet, -, 0",
        "nst, -, 0",
        "ffl, -, 78",
        "afd, -, 0",
        "factor_transfer, -, 0"
    })
    void forgetsWhatAdamWKeeps(String method, String parameters, long shared) {
        Experiment.Optimizer sgd = Cohort.sgd(0, false, 0);
        Teacher teacher = teacher(
                method,
                parameters,
                new Experiment.Optimizer(
                        sgd.learningRate(),
                        sgd.schedule(),
                        new WeightUpdate(
                                new UpdateRule.AdamW(0.9, 0.999, 1e-8),
                                0.01,
                                OptionalDouble.empty(),
                                OptionalDouble.empty())));
        NamedTensors trained = trained(teacher);

        NamedTensors all = teacher.renewed(trained, Ints.of(0, 1, 2));

        long kept = 0;
        for (Map.Entry<String, Tensor> tensor : all.asMap().entrySet()) {
            double[] first = teacher.initialState()
                    .find(tensor.getKey())
                    .map(Tensor::toDoubles)
                    .orElse(new double[tensor.getValue().size()]);
            double[] values = tensor.getValue().toDoubles();
            for (int i = 0; i < values.length; i++) {
                kept += values[i] == first[i] ? 0 : 1;
            }
        }
        assertThat(kept).as("numbers that belong to no slot").isEqualTo(shared);
        assertThat(trained).isNotEqualTo(all);
    }
}
