package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class StochasticTeachingGoldenTest {
    private static final String NAME = "stochastic_teaching";

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().equals(NAME))
                .flatMap(file -> GoldenCase.tests(file, 1e-9, StochasticTeachingGoldenTest::check));
    }

    private static void check(GoldenCase golden) {
        GoldenFile file = golden.file();
        double[] mask = file.hyperNumbers("mask");
        double temperature = file.hyper("T");
        Cohort cohort = golden.cohort();
        StochasticTeaching teacher = (StochasticTeaching) golden.teacher(NAME, golden.strength(), cohort);
        Teacher.TeacherStep lesson = new Teacher.TeacherStep(
                1, List.of(), teacher.addressed(cohort.input(0, 0.1), slot -> mask[slot] == 1), NamedTensors.none());
        Objective.Result result = cohort.objective(0, lesson);

        file.compare(
                "loss",
                result.crossEntropy()
                        + result.distillation()
                        + file.hyper("w") * temperature * temperature * entropyLost(cohort, mask, temperature));
        file.compare("grad_z0", result.logitsGradient().toDoubles());
    }

    /** K H(mean of p_j) - sum of H(p_j): by how much the mean's divergence is below the sum of the teachers'. */
    private static double entropyLost(Cohort cohort, double[] mask, double temperature) {
        double[] mean = new double[cohort.logits(0).length];
        double kept = 0;
        double entropies = 0;
        for (int j = 1; j < cohort.size(); j++) {
            if (mask[j] == 1) {
                double[] p =
                        Softmax.probabilities(cohort.logits(j), cohort.labels().classes(), temperature);
                kept++;
                entropies += entropy(p, cohort.labels().rows());
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += p[i];
                }
            }
        }
        for (int i = 0; i < mean.length && kept > 0; i++) {
            mean[i] /= kept;
        }
        return kept * entropy(mean, cohort.labels().rows()) - entropies;
    }

    private static double entropy(double[] probabilities, int rows) {
        double entropy = 0;
        for (double p : probabilities) {
            entropy -= p > 0 ? p * StrictMath.log(p) : 0;
        }
        return entropy / rows;
    }
}
