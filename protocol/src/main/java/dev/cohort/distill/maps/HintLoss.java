package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;

/**
 * The hints that the widest of several students gives a narrower one on every block: {@code sum over blocks of mean over B, D,
 * H, W of (F_0 - adapter(F))^2}, or without adapters of the means over all channels. The maps of the widest are constant.
 *
 * <p>Source: Walawalkar, Shen, Savvides, "Online Ensemble Model Compression using Knowledge Distillation", ECCV 2020 (arXiv
 * 2011.07449), official code.
 *
 * @param losses per block
 * @param maps gradients at the student's maps, per block
 * @param adapters gradients of the parameters of the adapters, per block
 */
public record HintLoss(List<Double> losses, List<FeatureMap> maps, List<NamedTensors> adapters) {
    public HintLoss {
        losses = List.copyOf(losses);
        maps = List.copyOf(maps);
        adapters = List.copyOf(adapters);
    }

    /**
     * Hints through adapters, usually each a {@link HintAdapter}.
     *
     * @param own maps of the narrower student, per block
     * @param adapters per block
     * @param widest maps of the widest student, per block
     */
    public static HintLoss of(List<FeatureMap> own, List<Adapter> adapters, List<FeatureMap> widest) {
        if (own.size() != widest.size() || own.size() != adapters.size()) {
            throw new IllegalArgumentException("hints of " + widest.size() + " blocks for " + own.size()
                    + " blocks with " + adapters.size() + " adapters: must be equal");
        }
        List<Double> losses = new ArrayList<>();
        List<FeatureMap> maps = new ArrayList<>();
        List<NamedTensors> parameters = new ArrayList<>();
        for (int block = 0; block < own.size(); block++) {
            Adapter.Pass pass = adapters.get(block).forward(own.get(block));
            MapLoss loss = SquaredError.ofMaps(pass.output(), widest.get(block));
            Adapter.Gradients gradients = pass.backward(loss.gradient());
            losses.add(loss.loss());
            maps.add(gradients.input());
            parameters.add(gradients.parameters());
        }
        return new HintLoss(losses, maps, parameters);
    }

    /** Hints without adapters, of the means over all channels ({@link SquaredError#ofChannelMeans}). */
    public static HintLoss ofChannelMeans(List<FeatureMap> own, List<FeatureMap> widest) {
        if (own.size() != widest.size()) {
            throw new IllegalArgumentException(
                    "hints of " + widest.size() + " blocks for " + own.size() + " blocks: must be equal");
        }
        List<Double> losses = new ArrayList<>();
        List<FeatureMap> maps = new ArrayList<>();
        List<NamedTensors> parameters = new ArrayList<>();
        for (int block = 0; block < own.size(); block++) {
            MapLoss loss = SquaredError.ofChannelMeans(own.get(block), widest.get(block));
            losses.add(loss.loss());
            maps.add(loss.gradient());
            parameters.add(NamedTensors.none());
        }
        return new HintLoss(losses, maps, parameters);
    }

    /**
     * The number of channels of one of n students: {@code floor(c (n - j) / n)}.
     *
     * @param channels c of the widest
     * @param student j, from 0 for the widest
     * @param students n
     */
    public static int channels(int channels, int student, int students) {
        if (student < 0 || student >= students) {
            throw new IllegalArgumentException(
                    "student " + student + " of " + students + ": must be below their number");
        }
        return (int) ((long) channels * (students - student) / students);
    }
}
