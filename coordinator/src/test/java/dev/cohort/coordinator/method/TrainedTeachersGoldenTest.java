package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Teachers with heads, attention and features of their own, against the differentiated whole. */
class TrainedTeachersGoldenTest {
    private static final Map<DType, Double> TOLERANCES = Map.of(DType.FLOAT64, 1e-9, DType.FLOAT32, 1e-5);

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .flatMap(file -> check(file.method()).stream()
                        .flatMap(check -> Stream.of(DType.FLOAT64, DType.FLOAT32)
                                .map(type -> DynamicTest.dynamicTest(file + " in " + type, () -> {
                                    GoldenFile run = file.within(Optional.ofNullable(TOLERANCES.get(type))
                                            .orElseThrow());
                                    check.accept(new GoldenCase(run, type));
                                    run.assertAllCompared();
                                }))));
    }

    private static Optional<Consumer<GoldenCase>> check(String method) {
        return switch (method) {
            case "cutnmix" -> Optional.of(TrainedTeachersGoldenTest::cutnMix);
            case "okddip" -> Optional.of(TrainedTeachersGoldenTest::okddip);
            case "pcl" -> Optional.of(TrainedTeachersGoldenTest::pcl);
            default -> Optional.empty();
        };
    }

    private static void cutnMix(GoldenCase golden) {
        GoldenFile file = golden.file();
        Cohort cohort = withOwnTeachers(golden);
        Map<String, String> parameters = new TreeMap<>(golden.strength());
        parameters.put("beta", "" + file.hyper("beta"));
        CutnMix teacher = (CutnMix) golden.teacher("cutnmix", parameters, cohort);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
        CutnMix.Step step = teacher.step(teacher.initialState(), cohort.input(0, 0.1));
        double[] losses = perPeer(
                cohort,
                i -> total(cohort.objective(i, lesson))
                        + file.hyper("beta")
                                * Optional.ofNullable(step.mutual.losses.get(i)).orElseThrow());

        file.compare("teacher_logits", soft(lesson.terms().get(0)).values().toDoubles());
        file.compare("per_peer_loss", losses);
        file.compare("loss", Arrays.stream(losses).sum());
        compareGradients(golden, cohort, lesson, cohort.size());
    }

    private static void okddip(GoldenCase golden) {
        GoldenFile file = golden.file();
        Cohort cohort = golden.cohort();
        int auxiliaries = cohort.size() - 1;
        int width = file.input("w_query").size();
        Map<String, String> parameters = new TreeMap<>(golden.strength());
        parameters.put("attention_width", "" + width);
        Okddip teacher = (Okddip) golden.teacher("okddip", parameters, cohort);
        NamedTensors state = NamedTensors.of(new TreeMap<>(Map.of(
                PeerAttention.QUERY,
                Tensor.of(DType.FLOAT64, GoldenFile.numbers(file.input("w_query")), width, width(cohort, 0)),
                PeerAttention.KEY,
                Tensor.of(DType.FLOAT64, GoldenFile.numbers(file.input("w_key")), width, width(cohort, 0)),
                PeerAttention.QUERY + TrainedParameter.MOMENTUM,
                Tensor.of(DType.FLOAT64, new double[width * width(cohort, 0)], width, width(cohort, 0)),
                PeerAttention.KEY + TrainedParameter.MOMENTUM,
                Tensor.of(DType.FLOAT64, new double[width * width(cohort, 0)], width, width(cohort, 0)))));
        assertThat(state.asMap().keySet())
                .isEqualTo(teacher.initialState().asMap().keySet());
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, 0.1));
        Okddip.Step step = teacher.step(state, cohort.input(0, 0.1));

        file.compare("attention", step.attention.weights);
        file.compare(
                "target_logits",
                tensors(auxiliaries, i -> soft(addressed(lesson, i, 0)).values().toDoubles()));
        file.compare(
                "leader_target_logits",
                soft(addressed(lesson, auxiliaries, 0)).values().toDoubles());
        assertThat(soft(lesson.terms().get(0)).values())
                .isEqualTo(soft(addressed(lesson, auxiliaries, 0)).values());
        file.compare(
                "loss",
                Arrays.stream(perPeer(cohort, i -> total(cohort.objective(i, lesson))))
                        .sum());
        compareGradients(golden, cohort, lesson, auxiliaries);
        file.compare(
                "grad_w_query",
                Optional.ofNullable(step.gradients.matrices.get(PeerAttention.QUERY))
                        .orElseThrow());
        file.compare(
                "grad_w_key",
                Optional.ofNullable(step.gradients.matrices.get(PeerAttention.KEY))
                        .orElseThrow());
        assertThat(cohort.objective(auxiliaries, lesson).featuresGradient()).isEmpty();
    }

    private static Term addressed(Teacher.TeacherStep lesson, int slot, int index) {
        return lesson.addressed().getOrDefault(slot, List.of()).get(index);
    }

    private static void pcl(GoldenCase golden) {
        GoldenFile file = golden.file();
        Cohort cohort = withOwnTeachers(golden);
        Pcl teacher = (Pcl) golden.teacher("pcl", golden.strength(), cohort);
        NamedTensors state = teacher.initialState();
        double[] weight = GoldenFile.numbers(file.input("fc_weight"));
        int classes = cohort.labels().classes();
        int inputs = weight.length / classes;
        int offset = 0;
        for (int slot = 0; slot < cohort.size(); slot++) {
            int width = width(cohort, slot);
            double[] block = columns(weight, inputs, offset, width);
            state = state.with(FusedHead.WEIGHT + slot, Tensor.of(DType.FLOAT64, block, classes, width));
            offset += width;
        }
        state = state.with(
                FusedHead.BIAS, Tensor.of(DType.FLOAT64, GoldenFile.numbers(file.input("fc_bias")), classes));
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, 0.1));
        FusedHead.Step step = teacher.step(state, cohort.input(0, 0.1));
        double total = step.crossEntropy
                + Arrays.stream(perPeer(
                                cohort, i -> total(cohort.objective(i, lesson)) + pclConstant(golden, cohort, i)))
                        .sum();

        file.compare("teacher_logits", soft(lesson.terms().get(0)).values().toDoubles());
        file.compare("loss", total);
        compareGradients(golden, cohort, lesson, cohort.size());
        double[] weightGradient = new double[weight.length];
        offset = 0;
        for (int slot = 0; slot < cohort.size(); slot++) {
            int width = width(cohort, slot);
            double[] block = Optional.ofNullable(step.weights.get(slot)).orElseThrow();
            for (int i = 0; i < block.length; i++) {
                weightGradient[i / width * inputs + offset + i % width] = block[i];
            }
            offset += width;
        }
        file.compare("grad_fc_weight", weightGradient);
        file.compare("grad_fc_bias", step.bias);
    }

    /** What the mean of the others' probabilities lacks in value: w T^2 (H(mean) - mean of H). */
    private static double pclConstant(GoldenCase golden, Cohort cohort, int i) {
        double temperature = golden.file().hyper("T");
        int classes = cohort.labels().classes();
        List<double[]> others = new ArrayList<>();
        double entropies = 0;
        for (int j = 0; j < cohort.size(); j++) {
            if (j != i) {
                double[] own =
                        cohort.published().get(j).get(TensorName.OWN_TEACHER).toDoubles();
                others.add(Softmax.probabilities(own, classes, temperature));
                entropies +=
                        entropy(others.get(others.size() - 1), cohort.labels().rows()) / (cohort.size() - 1);
            }
        }
        double ofMean = entropy(PredictionMatrices.mean(others), cohort.labels().rows());
        return golden.file().hyper("w") * temperature * temperature * (ofMean - entropies);
    }

    private static Cohort withOwnTeachers(GoldenCase golden) {
        JsonNode averages = golden.file().input("ema_z");
        return golden.cohort()
                .with(
                        TensorName.OWN_TEACHER,
                        IntStream.range(0, averages.size())
                                .mapToObj(i -> GoldenFile.numbers(averages.get(i)))
                                .toList());
    }

    private static int width(Cohort cohort, int i) {
        return cohort.published().get(i).get(TensorName.FEATURES).dimension(1);
    }

    private static double[] columns(double[] matrix, int columns, int from, int count) {
        double[] block = new double[matrix.length / columns * count];
        for (int i = 0; i < block.length; i++) {
            block[i] = matrix[i / count * columns + from + i % count];
        }
        return block;
    }

    /** Gradients of all logits, and of the features of the first {@code featured} peers. */
    private static void compareGradients(GoldenCase golden, Cohort cohort, Teacher.TeacherStep lesson, int featured) {
        golden.file()
                .compare(
                        "grad_z",
                        tensors(
                                cohort.size(),
                                i -> cohort.objective(i, lesson)
                                        .logitsGradient()
                                        .toDoubles()));
        golden.file()
                .compare(
                        "grad_f",
                        tensors(
                                featured,
                                i -> cohort.objective(i, lesson)
                                        .featuresGradient()
                                        .orElseThrow()
                                        .toDoubles()));
    }

    private static double total(Objective.Result result) {
        return result.crossEntropy() + result.distillation();
    }

    private static Term.SoftTarget soft(Term term) {
        assertThat(term).isInstanceOf(Term.SoftTarget.class);
        return (Term.SoftTarget) term;
    }

    private static double entropy(double[] probabilities, int rows) {
        double entropy = 0;
        for (double p : probabilities) {
            entropy -= p > 0 ? p * StrictMath.log(p) : 0;
        }
        return entropy / rows;
    }

    private static double[] perPeer(Cohort cohort, IntToDoubleFunction number) {
        return IntStream.range(0, cohort.size()).mapToDouble(number).toArray();
    }

    private static double[] tensors(int count, IntFunction<double[]> tensor) {
        return IntStream.range(0, count)
                .mapToObj(tensor)
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }
}
