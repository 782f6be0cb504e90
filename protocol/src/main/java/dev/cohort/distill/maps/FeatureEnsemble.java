package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Parallel FEED: a student learns the codes of several teachers at once, each through a {@link Translator} of its own from the
 * same map. With one teacher it is factor transfer.
 *
 * <pre>
 * loss = beta sum over teachers t of distance(translator_t(F), code_t)
 * dL/dF = the sum of what comes back through the translators
 * </pre>
 *
 * <p>Source: Park and Kwak, "FEED: Feature-level Ensemble for Knowledge Distillation" (arXiv 1909.10754); the sum over teachers is
 * our reading of it. The distance is {@link FactorTransfer#distance}.
 */
public final class FeatureEnsemble {
    /** The weight of factor transfer with this distance, a mean, in its official code. */
    public static final double BETA = 500;

    private final List<Translator> translators;

    /** @param translators one for each teacher */
    public FeatureEnsemble(List<Translator> translators) {
        if (translators.isEmpty()) {
            throw new IllegalArgumentException("translators []: must be at least 1, one for each teacher");
        }
        this.translators = List.copyOf(translators);
    }

    /**
     * Loss and gradients.
     *
     * @param loss beta times the sum of the distances
     * @param distances per teacher, without beta
     * @param student gradient of the loss at the student's map
     * @param translators gradients of the loss at the parameters of each translator, by their names
     */
    public record Result(double loss, List<Double> distances, FeatureMap student, List<NamedTensors> translators) {
        public Result {
            distances = List.copyOf(distances);
            translators = List.copyOf(translators);
        }
    }

    /**
     * The loss on one batch.
     *
     * @param student [B, D, H, W]
     * @param codes per teacher [B, K, H, W], constant
     * @param beta weight of the sum
     */
    public Result of(FeatureMap student, List<FeatureMap> codes, double beta) {
        if (codes.size() != translators.size()) {
            throw new IllegalArgumentException(codes.size() + " codes for " + translators.size()
                    + " translators: must be as many, one for each teacher");
        }
        List<Double> distances = new ArrayList<>();
        List<NamedTensors> parameters = new ArrayList<>();
        FeatureMap gradient = student.zeros();
        double sum = 0;
        for (int t = 0; t < codes.size(); t++) {
            Adapter.Pass pass = translators.get(t).forward(student);
            MapLoss distance = FactorTransfer.distance(pass.output(), codes.get(t));
            Adapter.Gradients back = pass.backward(distance.gradient().zeros().plus(distance.gradient(), beta));
            sum += distance.loss();
            distances.add(distance.loss());
            parameters.add(back.parameters());
            gradient = gradient.plus(back.input());
        }
        return new Result(beta * sum, distances, gradient, parameters);
    }
}
