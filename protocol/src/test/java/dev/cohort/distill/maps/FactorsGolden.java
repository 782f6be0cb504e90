package dev.cohort.distill.maps;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.distill.LogitLoss;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Factor transfer, from one teacher and from several, and its paraphraser, against golden values. */
public final class FactorsGolden {
    private FactorsGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("factor_transfer", FactorsGolden::factorTransfer);
        checks.put("feed_translators", FactorsGolden::feed);
        checks.put("paraphraser", FactorsGolden::paraphraser);
        return checks;
    }

    private static void factorTransfer(GoldenFile file) {
        Translator translator = translator(file.input("translator_weight"), file.input("translator_bias"));
        FeatureMap map = MapsGolden.map(file.input("map"));
        FeatureEnsemble.Result result =
                compareEnsemble(file, map, List.of(translator), List.of(MapsGolden.map(file.input("code"))));

        file.compare("translated", translator.forward(map).output().toDoubles());
        file.compare("loss_ft", result.distances().get(0));
    }

    private static void feed(GoldenFile file) {
        List<Translator> translators = new ArrayList<>();
        List<FeatureMap> codes = new ArrayList<>();
        for (int t = 0; t < file.input("codes").size(); t++) {
            translators.add(translator(
                    file.input("translator_weight").get(t),
                    file.input("translator_bias").get(t)));
            codes.add(MapsGolden.map(file.input("codes").get(t)));
        }
        FeatureEnsemble.Result result = compareEnsemble(file, MapsGolden.map(file.input("map")), translators, codes);

        file.compare(
                "loss_ft",
                result.distances().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static FeatureEnsemble.Result compareEnsemble(
            GoldenFile file, FeatureMap map, List<Translator> translators, List<FeatureMap> codes) {
        assertThat(file.hyper("leaky_slope")).isEqualTo(Translator.SLOPE);
        LogitLoss labels = LogitLoss.crossEntropy(file.labels(), GoldenFile.tensor(file.input("z")));
        FeatureEnsemble.Result result = new FeatureEnsemble(translators).of(map, codes, file.hyper("beta"));

        file.compare("ce", labels.loss());
        file.compare("loss", labels.loss() + result.loss());
        file.compare("grad_z", labels.gradient().toDoubles());
        file.compare("grad_map", result.student().toDoubles());
        file.compare("grad_translator_weight", joined(result.translators(), Translator::weight));
        file.compare("grad_translator_bias", joined(result.translators(), Translator::bias));
        return result;
    }

    private static Translator translator(JsonNode weights, JsonNode biases) {
        assertThat(weights).hasSize(Translator.LAYERS);
        NamedTensors parameters = with(NamedTensors.none(), Translator::weight, weights);
        return new Translator(with(parameters, Translator::bias, biases));
    }

    private static NamedTensors with(NamedTensors parameters, IntFunction<String> name, JsonNode layers) {
        NamedTensors more = parameters;
        for (int layer = 1; layer <= layers.size(); layer++) {
            more = more.with(name.apply(layer), GoldenFile.tensor(layers.get(layer - 1)));
        }
        return more;
    }

    private static double[] joined(List<NamedTensors> gradients, IntFunction<String> name) {
        return gradients.stream()
                .flatMap(one -> IntStream.rangeClosed(1, Translator.LAYERS).mapToObj(i -> one.get(name.apply(i))))
                .flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubles()))
                .toArray();
    }

    private static void paraphraser(GoldenFile file) {
        assertThat(file.hyper("leaky_slope")).isEqualTo(Translator.SLOPE);
        NamedTensors parameters = with(NamedTensors.none(), Paraphraser::encoderWeight, file.input("encoder_weight"));
        parameters = with(parameters, Paraphraser::encoderBias, file.input("encoder_bias"));
        parameters = with(parameters, Paraphraser::decoderWeight, file.input("decoder_weight"));
        parameters = with(parameters, Paraphraser::decoderBias, file.input("decoder_bias"));
        FeatureMap map = MapsGolden.map(file.input("map"));
        Paraphraser paraphraser = new Paraphraser(parameters);
        Paraphraser.Trained trained = paraphraser.reconstruct(map);
        List<NamedTensors> gradients = List.of(trained.parameters());

        assertThat(paraphraser.code(map)).isEqualTo(trained.code());
        file.compare("code", trained.code().toDoubles());
        file.compare("reconstruction", trained.reconstruction().toDoubles());
        file.compare("loss", trained.loss());
        file.compare("grad_encoder_weight", joined(gradients, Paraphraser::encoderWeight));
        file.compare("grad_encoder_bias", joined(gradients, Paraphraser::encoderBias));
        file.compare("grad_decoder_weight", joined(gradients, Paraphraser::decoderWeight));
        file.compare("grad_decoder_bias", joined(gradients, Paraphraser::decoderBias));
    }
}
