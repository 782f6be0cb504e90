package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.BranchEnsemble;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Schedules;
import dev.cohort.distill.Softmax;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
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

/**
 * Teacher and objectives together, message by message, against the differentiated whole. Files of other methods are passed over.
 */
class TeacherGoldenTest {
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
            case "independent" -> Optional.of(TeacherGoldenTest::independent);
            case "mean_logit" -> Optional.of(golden -> meanLogit(golden, true));
            case "mean_logit_leave_one_out" -> Optional.of(golden -> meanLogit(golden, false));
            case "one" -> Optional.of(TeacherGoldenTest::one);
            case "schedules" -> Optional.of(TeacherGoldenTest::schedules);
            default -> method.startsWith("dml") ? Optional.of(TeacherGoldenTest::dml) : Optional.empty();
        };
    }

    private static void independent(GoldenCase golden) {
        Cohort cohort = golden.cohort();
        Teacher teacher = golden.teacher("independent", Map.of(), cohort);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));

        golden.file()
                .compare(
                        "loss",
                        sum(perPeer(cohort, i -> cohort.objective(i, lesson).crossEntropy())));
        compareLogitsGradients(golden, cohort, lesson);
    }

    private static void dml(GoldenCase golden) {
        Cohort cohort = golden.cohort();
        double temperature = golden.file().hyper("T");
        double weight = golden.file().hyper("w");
        Teacher teacher = golden.teacher("dml", golden.strength(), cohort);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
        int classes = cohort.labels().classes();
        double[][] predictions = new double[cohort.size()][];
        for (int i = 0; i < predictions.length; i++) {
            predictions[i] = Softmax.probabilities(cohort.logits(i), classes, temperature);
        }
        double[] losses = perPeer(cohort, i -> {
            // The stored loss is the sum of the pairs; the mean's loss lacks w T^2 (H(q) - mean of H(p_j)).
            double others = 0;
            for (int j = 0; j < predictions.length; j++) {
                others += j == i ? 0 : entropy(predictions[j], cohort.labels().rows()) / (predictions.length - 1);
            }
            double mean = entropy(
                    target(cohort, i, lesson, temperature), cohort.labels().rows());
            Objective.Result result = cohort.objective(i, lesson);
            return result.crossEntropy() + result.distillation() + weight * temperature * temperature * (mean - others);
        });

        golden.file().compare("per_peer_loss", losses);
        golden.file().compare("loss", sum(losses));
        golden.file()
                .compare("leave_one_out_mean_prob", perPeerTensor(cohort, i -> target(cohort, i, lesson, temperature)));
        compareLogitsGradients(golden, cohort, lesson);
    }

    private static void meanLogit(GoldenCase golden, boolean self) {
        Cohort cohort = golden.cohort();
        double temperature = golden.file().hyper("T");
        Map<String, String> parameters = new TreeMap<>(golden.strength());
        parameters.put("self", "" + self);
        Teacher teacher = golden.teacher("mean_logit", parameters, cohort);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
        double[] losses = perPeer(
                cohort,
                i -> cohort.objective(i, lesson).crossEntropy()
                        + cohort.objective(i, lesson).distillation());
        double[] mean = ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles();
        double[] teacherLogits = perPeerTensor(cohort, i -> {
            double[] target = mean.clone();
            for (int k = 0; k < target.length && !self; k++) {
                target[k] = (cohort.size() * mean[k] - cohort.logits(i)[k]) / (cohort.size() - 1);
            }
            double[] used = target(cohort, i, lesson, temperature);
            assertThat(Softmax.probabilities(target, cohort.labels().classes(), temperature))
                    .as("what the objective took for the target")
                    .containsExactly(used, within(1e-12));
            return target;
        });

        golden.file().compare("teacher_logits", teacherLogits);
        golden.file().compare("per_peer_loss", losses);
        golden.file().compare("loss", sum(losses));
        compareLogitsGradients(golden, cohort, lesson);
    }

    /** The same loss where the peers of the file are branches of one student, and the gates are what its gate put out. */
    private static void branches(GoldenCase golden) {
        GoldenFile file = golden.file();
        Cohort cohort = golden.cohort();
        int rows = cohort.labels().rows();
        int classes = cohort.labels().classes();
        double[] gates = GoldenFile.numbers(file.expected("gate"));
        double[] packed = new double[rows * cohort.size() * (classes + 1)];
        for (int row = 0; row < rows; row++) {
            int start = row * cohort.size() * (classes + 1);
            for (int k = 0; k < cohort.size(); k++) {
                System.arraycopy(cohort.logits(k), row * classes, packed, start + k * classes, classes);
            }
            System.arraycopy(gates, row * cohort.size(), packed, start + cohort.size() * classes, cohort.size());
        }
        Tensor values = Tensor.of(DType.FLOAT64, packed, rows, cohort.size() * (classes + 1));
        Objective.Result result = Objective.of(
                cohort.labels(),
                0,
                List.of(new Term.OwnBranches("branches", file.hyper("w"), file.hyper("T"))),
                NamedTensors.of(TensorName.LOGITS, cohort.published().get(0).get(TensorName.LOGITS)),
                NamedTensors.of(TensorName.BRANCHES, values),
                Optional.empty(),
                DType.FLOAT64);
        double[] gradient = result.gradients().get(TensorName.BRANCHES).toDoubles();
        double[] byBranch = new double[cohort.size() * rows * classes];
        for (int i = 0; i < byBranch.length; i++) {
            int k = i / (rows * classes);
            int row = i / classes % rows;
            byBranch[i] = gradient[row * cohort.size() * (classes + 1) + k * classes + i % classes];
        }
        file.compare("teacher_logits", BranchEnsemble.logits(values, classes).toDoubles());
        file.compare("grad_z", byBranch);
        file.compareDerived(
                "sum of kd", result.termLosses().get(0).loss(), sum(GoldenFile.numbers(file.expected("kd"))));
    }

    private static void one(GoldenCase golden) {
        branches(golden);
        GoldenFile file = golden.file();
        Cohort cohort = golden.cohort();
        One teacher = (One) golden.teacher("one", golden.strength(), cohort);
        NamedTensors state = teacher.initialState();
        Map<String, String> inputs = Map.of(
                GateState.WEIGHT, "gate_weight",
                GateState.BIAS, "gate_bias",
                GateState.GAMMA, "bn_gamma",
                GateState.BETA, "bn_beta");
        for (Map.Entry<String, String> input : inputs.entrySet()) {
            int[] shape = state.get(input.getKey()).shape().toArray();
            double[] values = GoldenFile.numbers(file.input(input.getValue()));
            state = state.with(input.getKey(), Tensor.of(DType.FLOAT64, values, shape));
        }
        assertThat(file.hyper("bn_eps")).isEqualTo(Gate.EPSILON);
        Teacher.TeacherStep lesson = teacher.teach(state, cohort.input(0, 0.1));
        One.Step step = teacher.step(GateState.of(state), cohort.input(0, 0.1));
        List<Objective.Result> results = IntStream.range(0, cohort.size())
                .mapToObj(i -> cohort.objective(i, lesson))
                .toList();
        double crossEntropyOfTeacher = Objective.crossEntropy(cohort.labels(), step.ensemble);
        double total = crossEntropyOfTeacher
                + results.stream()
                        .mapToDouble(r -> r.crossEntropy() + r.distillation())
                        .sum();

        file.compare(
                "gate", ((Term.GatedCrossEntropy) lesson.terms().get(1)).gates().toDoubles());
        file.compare(
                "teacher_logits",
                ((Term.SoftTarget) lesson.terms().get(0)).values().toDoubles());
        file.compare("ce", perPeer(cohort, i -> results.get(i).crossEntropy()));
        file.compare("ce_teacher", crossEntropyOfTeacher);
        file.compare(
                "kd", perPeer(cohort, i -> results.get(i).termLosses().get(0).loss()));
        file.compare("loss", total);
        compareLogitsGradients(golden, cohort, lesson);
        file.compare(
                "grad_f",
                perPeerTensor(
                        cohort,
                        i -> results.get(i).featuresGradient().orElseThrow().toDoubles()));
        file.compare("grad_gate_weight", step.gradients.weight);
        file.compare("grad_gate_bias", step.gradients.bias);
        file.compare("grad_bn_gamma", step.gradients.gamma);
        file.compare("grad_bn_beta", step.gradients.beta);
        file.compare("leaf_grad_z_from_teacher_ce", perPeerTensor(cohort, i -> ensembleShare(cohort, i, lesson)));
    }

    /** What the objective adds to a peer's logits' gradient for CE(z_e, y) alone. */
    private static double[] ensembleShare(Cohort cohort, int i, Teacher.TeacherStep lesson) {
        Term.SoftTarget ensemble = (Term.SoftTarget) lesson.terms().get(0);
        List<Term> terms = List.of(weighing(ensemble, 0), lesson.terms().get(1));
        return cohort.objective(i, 0, terms, DType.FLOAT64).logitsGradient().toDoubles();
    }

    private static void schedules(GoldenCase golden) {
        GoldenFile file = golden.file();
        file.expected("ramp_up")
                .properties()
                .forEach(entry -> assertThat(Schedules.rampUp(Long.parseLong(entry.getKey()), file.hyper("R")))
                        .as("%s: ramp_up of epoch %s", file, entry.getKey())
                        .isCloseTo(entry.getValue().asDouble(), within(1e-12)));
        file.expected("ema_decay")
                .properties()
                .forEach(entry -> assertThat(Schedules.emaDecay(Long.parseLong(entry.getKey()), file.hyper("a_max")))
                        .as("%s: ema_decay of step %s", file, entry.getKey())
                        .isCloseTo(entry.getValue().asDouble(), within(1e-12)));
    }

    /**
     * The distribution q that the objective of peer i really imitates, read off its gradient (T/B) (softmax_T(z) - q).
     */
    private static double[] target(Cohort cohort, int i, Teacher.TeacherStep lesson, double temperature) {
        List<Term> alone = List.of(weighing((Term.SoftTarget) lesson.terms().get(0), 1));
        double[] gradient =
                cohort.objective(i, 0, alone, DType.FLOAT64).logitsGradient().toDoubles();
        double[] target =
                Softmax.probabilities(cohort.logits(i), cohort.labels().classes(), temperature);
        for (int k = 0; k < target.length; k++) {
            target[k] -= gradient[k] * cohort.labels().rows() / temperature;
        }
        return target;
    }

    private static Term.SoftTarget weighing(Term.SoftTarget term, double weight) {
        return new Term.SoftTarget(term.name(), term.values(), term.space(), term.vote(), weight, term.temperature());
    }

    private static void compareLogitsGradients(GoldenCase golden, Cohort cohort, Teacher.TeacherStep lesson) {
        golden.file()
                .compare(
                        "grad_z",
                        perPeerTensor(
                                cohort,
                                i -> cohort.objective(i, lesson)
                                        .logitsGradient()
                                        .toDoubles()));
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

    private static double[] perPeerTensor(Cohort cohort, IntFunction<double[]> tensor) {
        return IntStream.range(0, cohort.size())
                .mapToObj(tensor)
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }

    private static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }
}
