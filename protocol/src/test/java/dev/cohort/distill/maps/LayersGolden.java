package dev.cohort.distill.maps;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What students learn on several layers by dictionaries, discriminators and hints, against golden values. */
public final class LayersGolden {
    private LayersGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("srm_codewords", LayersGolden::codewords);
        checks.put("srm_labels", LayersGolden::sparseLabels);
        checks.put("srm_student", LayersGolden::sparseStudent);
        checks.put("meal_discriminator", LayersGolden::discriminators);
        checks.put("boc_hints", LayersGolden::hints);
        return checks;
    }

    private static void codewords(GoldenFile file) {
        SparseDictionary dictionary = new SparseDictionary(
                GoldenFile.tensor(file.input("dictionary")),
                file.input("intercept").asDouble());
        FeatureMap map = MapsGolden.map(file.input("x"));
        int k = (int) file.hyper("k");
        SparseDictionary.Trained trained = dictionary.reconstructionLoss(map, k);

        file.compare("reconstruction", dictionary.reconstruction(map, k).toDoubles());
        file.compare("loss", trained.loss());
        file.compare("grad_dictionary", trained.dictionary().toDoubles());
        file.compare("grad_intercept", trained.intercept());
    }

    private static void sparseLabels(GoldenFile file) {
        SparseDictionary dictionary =
                new SparseDictionary(GoldenFile.tensor(file.input("dictionary")), file.hyper("c"));
        FeatureMap map = MapsGolden.map(file.input("x"));
        int k = (int) file.hyper("k");
        SparseDictionary.Labels labels = dictionary.labels(map, k);

        file.compare("pixel_label", labels.pixels().stream().asDoubleStream().toArray());
        file.compare("image_label", labels.images().toDoubles());
        file.compare("reconstruction", dictionary.reconstruction(map, k).toDoubles());
    }

    private static void sparseStudent(GoldenFile file) {
        List<SparseDictionary.Trained> images = new ArrayList<>();
        for (int layer = 0; layer < file.input("x").size(); layer++) {
            images.add(dictionary(file, layer)
                    .imageLoss(
                            MapsGolden.map(file.input("x").get(layer)),
                            GoldenFile.tensor(file.input("image_label").get(layer))));
        }
        file.compare("image_losses", flat(images, image -> DoubleStream.of(image.loss())));
        compareStudent(file, "", SparseDictionary.PixelForm.AS_CODED, images);
        compareStudent(file, "_clean", SparseDictionary.PixelForm.CLEAN, images);
    }

    private static SparseDictionary dictionary(GoldenFile file, int layer) {
        return new SparseDictionary(
                GoldenFile.tensor(file.input("dictionary").get(layer)),
                file.input("intercept").get(layer).asDouble());
    }

    private static void compareStudent(
            GoldenFile file, String suffix, SparseDictionary.PixelForm form, List<SparseDictionary.Trained> images) {
        List<SparseDictionary.Trained> pixels = IntStream.range(0, images.size())
                .mapToObj(layer -> dictionary(file, layer)
                        .pixelLoss(
                                MapsGolden.map(file.input("x").get(layer)),
                                GoldenFile.ints(file.input("pixel_label").get(layer)),
                                form))
                .toList();
        double[] losses = flat(pixels, pixel -> DoubleStream.of(pixel.loss()));
        file.compare("pixel_losses" + suffix, losses);
        file.compare(
                "loss" + suffix,
                Arrays.stream(losses).sum()
                        + images.stream()
                                .mapToDouble(SparseDictionary.Trained::loss)
                                .sum());
        file.compare(
                "grad_x" + suffix,
                sum(
                        flat(images, one -> Arrays.stream(one.input().toDoubles())),
                        flat(pixels, one -> Arrays.stream(one.input().toDoubles()))));
        file.compare(
                "grad_dictionary" + suffix,
                sum(
                        flat(images, one -> Arrays.stream(one.dictionary().toDoubles())),
                        flat(pixels, one -> Arrays.stream(one.dictionary().toDoubles()))));
        file.compare(
                "grad_intercept" + suffix,
                sum(
                        flat(images, one -> DoubleStream.of(one.intercept())),
                        flat(pixels, one -> DoubleStream.of(one.intercept()))));
    }

    private static void discriminators(GoldenFile file) {
        double[] eta = file.hyperNumbers("eta");
        List<FeatureDiscriminator.Result> results = IntStream.range(0, eta.length)
                .mapToObj(l -> new FeatureDiscriminator(
                                GoldenFile.tensors(file.input("weight").get(l)),
                                GoldenFile.tensors(file.input("bias").get(l)))
                        .of(
                                MapsGolden.map(file.input("student").get(l)),
                                MapsGolden.map(file.input("teacher").get(l))))
                .toList();
        List<Double> losses = new ArrayList<>();
        double loss = 0;
        for (int l = 0; l < eta.length; l++) {
            losses.add(results.get(l).loss());
            loss += eta[l] * losses.get(l);
        }
        file.compare("logits", flat(results, one -> Arrays.stream(one.logits().toDoubles())));
        file.compare(
                "layer_losses", losses.stream().mapToDouble(Double::doubleValue).toArray());
        file.compare("loss", loss);
        file.compare(
                "grad_student",
                weighted(eta, results, one -> List.of(one.student().tensor(DType.FLOAT64))));
        file.compare(
                "grad_student_reversed",
                weighted(eta, results, one -> List.of(one.reversed().tensor(DType.FLOAT64))));
        file.compare("grad_weight", weighted(eta, results, FeatureDiscriminator.Result::weights));
        file.compare("grad_bias", weighted(eta, results, FeatureDiscriminator.Result::biases));
    }

    private static double[] weighted(
            double[] eta,
            List<FeatureDiscriminator.Result> results,
            Function<FeatureDiscriminator.Result, List<Tensor>> tensors) {
        return IntStream.range(0, eta.length)
                .boxed()
                .flatMapToDouble(l -> tensors.apply(results.get(l)).stream()
                        .flatMapToDouble(one -> Arrays.stream(one.toDoubles()))
                        .map(value -> eta[l] * value))
                .toArray();
    }

    private static void hints(GoldenFile file) {
        SoftLabels labels = file.labels();
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        double[] mean = new double[logits.get(0).size()];
        for (Tensor one : logits) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += one.at(i) / logits.size();
            }
        }
        Tensor teacher = Tensor.of(DType.FLOAT64, mean, labels.rows(), labels.classes());
        List<LogitLoss> crossEntropies =
                logits.stream().map(z -> LogitLoss.crossEntropy(labels, z)).toList();
        List<LogitLoss> divergences = logits.stream()
                .map(z -> LogitLoss.divergenceFromLogits(teacher, z, file.hyper("T")))
                .toList();
        double onLogits = 0;
        List<Tensor> gradients = new ArrayList<>();
        for (int j = 0; j < logits.size(); j++) {
            LogitLoss sum =
                    crossEntropies.get(j).times(file.hyper("w_ce")).plus(divergences.get(j), file.hyper("w_kd"));
            onLogits += sum.loss();
            gradients.add(sum.gradient());
        }
        file.compare("teacher_logits", mean);
        file.compare("ce", flat(crossEntropies, one -> DoubleStream.of(one.loss())));
        file.compare("kd", flat(divergences, one -> DoubleStream.of(one.loss())));
        file.compare("grad_z", flat(gradients, one -> Arrays.stream(one.toDoubles())));
        compareHints(file, "", onLogits, true);
        compareHints(file, "_channel_mean", onLogits, false);
        List<Double> widths = new ArrayList<>();
        for (JsonNode one : file.hyperNode("width_cases")) {
            int students = one.get(1).asInt();
            for (int j = 0; j < students; j++) {
                for (JsonNode channels : one.get(0)) {
                    widths.add((double) HintLoss.channels(channels.asInt(), j, students));
                }
            }
        }
        file.compare(
                "student_widths",
                widths.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static void compareHints(GoldenFile file, String suffix, double onLogits, boolean adapted) {
        List<FeatureMap> widest = maps(file.input("maps").get(0));
        List<HintLoss> hints = new ArrayList<>();
        for (int j = 1; j < file.input("maps").size(); j++) {
            List<FeatureMap> own = maps(file.input("maps").get(j));
            hints.add(adapted ? HintLoss.of(own, adapters(file, j - 1), widest) : HintLoss.ofChannelMeans(own, widest));
        }
        double[] losses = flat(hints, one -> one.losses().stream().mapToDouble(Double::doubleValue));
        double weight = file.hyper("w_hint");
        DoubleStream toWidest =
                widest.stream().flatMapToDouble(one -> Arrays.stream(one.zeros().toDoubles()));
        file.compare("hint_losses" + suffix, losses);
        file.compare("loss" + suffix, onLogits + weight * Arrays.stream(losses).sum());
        file.compare(
                "grad_maps" + suffix,
                DoubleStream.concat(
                                toWidest,
                                Arrays.stream(flat(
                                                hints,
                                                one -> one.maps().stream()
                                                        .flatMapToDouble(map -> Arrays.stream(map.toDoubles()))))
                                        .map(value -> weight * value))
                        .toArray());
        for (String name : adapted ? List.of(Adapter.WEIGHT, HintAdapter.BIAS) : List.<String>of()) {
            double[] gradient = flat(
                    hints,
                    one -> one.adapters().stream()
                            .flatMapToDouble(
                                    tensors -> Arrays.stream(tensors.get(name).toDoubles())));
            file.compare(
                    "grad_adapter_" + name,
                    Arrays.stream(gradient).map(value -> weight * value).toArray());
        }
    }

    private static List<FeatureMap> maps(JsonNode blocks) {
        return GoldenFile.tensors(blocks).stream().map(FeatureMap::of).toList();
    }

    private static List<Adapter> adapters(GoldenFile file, int student) {
        List<Adapter> adapters = new ArrayList<>();
        for (int block = 0; block < file.input("adapter_weight").get(student).size(); block++) {
            adapters.add(new HintAdapter(NamedTensors.of(
                            Adapter.WEIGHT,
                            GoldenFile.tensor(
                                    file.input("adapter_weight").get(student).get(block)))
                    .with(
                            HintAdapter.BIAS,
                            GoldenFile.tensor(
                                    file.input("adapter_bias").get(student).get(block)))));
        }
        return adapters;
    }

    private static <T> double[] flat(List<T> all, Function<T, DoubleStream> numbers) {
        return all.stream().flatMapToDouble(numbers).toArray();
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += b[i];
        }
        return sum;
    }
}
