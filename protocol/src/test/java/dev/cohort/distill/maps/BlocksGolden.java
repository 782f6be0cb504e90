package dev.cohort.distill.maps;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.distill.LogitLoss;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Separable blocks and the fusion made of one, against golden values. */
public final class BlocksGolden {
    private static final List<String> PARAMETERS = List.of(
            SeparableBlock.DEPTHWISE,
            SeparableBlock.FIRST_GAMMA,
            SeparableBlock.FIRST_BETA,
            SeparableBlock.POINTWISE,
            SeparableBlock.SECOND_GAMMA,
            SeparableBlock.SECOND_BETA);

    private BlocksGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("blockwise", BlocksGolden::blockwise);
        checks.put("ffl", BlocksGolden::fusion);
        return checks;
    }

    private static void blockwise(GoldenFile file) {
        assertThat(file.hyper("bn_eps")).isEqualTo(MapAdapter.EPSILON);
        List<FeatureMap> boundaries = new ArrayList<>();
        file.input("boundaries").forEach(node -> boundaries.add(MapsGolden.map(node)));
        double[] strides = file.hyperNumbers("stride");
        List<double[]> outputs = new ArrayList<>();
        double[] losses = new double[strides.length];
        double[] reach = new double[strides.length * strides.length];
        SortedMap<String, List<double[]>> gradients = new TreeMap<>();
        FeatureMap composed = boundaries.get(0);
        for (int b = 0; b < strides.length; b++) {
            NamedTensors parameters = NamedTensors.none();
            for (String name : PARAMETERS) {
                parameters =
                        parameters.with(name, GoldenFile.tensor(file.input(name).get(b)));
            }
            SeparableBlock block = new SeparableBlock(parameters, (int) strides[b]);
            Adapter.Pass pass = block.forward(boundaries.get(b));
            MapLoss loss = SquaredError.ofMaps(pass.output(), boundaries.get(b + 1));
            composed = block.forward(composed).output();
            outputs.add(pass.output().toDoubles());
            losses[b] = loss.loss();
            int own = b * strides.length + b;
            pass.backward(loss.gradient()).parameters().asMap().forEach((name, tensor) -> {
                double[] gradient = tensor.toDoubles();
                gradients.computeIfAbsent(name, n -> new ArrayList<>()).add(gradient);
                for (double one : gradient) {
                    reach[own] = Math.max(reach[own], Math.abs(one));
                }
            });
        }
        file.compare("outputs", joined(outputs));
        file.compare("block_losses", losses);
        file.compare("loss", Arrays.stream(losses).sum());
        gradients.forEach((name, list) -> file.compare("grad_" + name, joined(list)));
        file.compare("reach", reach);
        file.compare("composed_output", composed.toDoubles());
    }

    private static void fusion(GoldenFile file) {
        SoftLabels labels = file.labels();
        double temperature = file.hyper("T");
        double weight = file.hyper("w");
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        List<FeatureMap> maps = new ArrayList<>();
        file.input("maps").forEach(node -> maps.add(MapsGolden.map(node)));
        NamedTensors parameters = NamedTensors.none();
        List<String> names = new ArrayList<>(PARAMETERS);
        names.addAll(List.of(FeatureFusion.WEIGHT, FeatureFusion.BIAS));
        for (String name : names) {
            parameters = parameters.with(name, GoldenFile.tensor(file.input(name)));
        }
        FeatureFusion.Pass pass = new FeatureFusion(parameters).forward(maps);
        Tensor fused = pass.logits();
        double[] mean = new double[fused.size()];
        double total = 0;
        List<double[]> gradients = new ArrayList<>();
        for (Tensor z : logits) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += z.at(i) / logits.size();
            }
            LogitLoss loss = LogitLoss.crossEntropy(labels, z)
                    .plus(LogitLoss.divergenceFromLogits(fused, z, temperature), weight);
            total += loss.loss();
            gradients.add(loss.gradient().toDoubles());
        }
        Tensor ensemble = Tensor.of(DType.FLOAT64, mean, fused.shape().toArray());
        LogitLoss ofFusion = LogitLoss.crossEntropy(labels, fused)
                .plus(LogitLoss.divergenceFromLogits(ensemble, fused, temperature), weight);
        FeatureFusion.Gradients backward = pass.backward(ofFusion.gradient());

        file.compare("teacher_logits", fused.toDoubles());
        file.compare("loss", total + ofFusion.loss());
        file.compare("grad_z", joined(gradients));
        file.compare(
                "grad_maps",
                joined(backward.maps().stream().map(FeatureMap::toDoubles).toList()));
        backward.parameters().asMap().forEach((name, gradient) -> file.compare("grad_" + name, gradient.toDoubles()));
    }

    private static double[] joined(List<double[]> arrays) {
        return arrays.stream().flatMapToDouble(Arrays::stream).toArray();
    }
}
