package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The paraphraser of factor transfer, an autoencoder of the map [B, D, H, W] of a teacher. The encoder, built as a {@link
 * Translator}, gives the code [B, K, H, W] that students learn; the decoder has three 3x3 transposed convolutions of stride 1 and
 * padding 1 with bias, K to K, K to D and D to D, LeakyReLU 0.1 behind each of them. It is trained alone, before any student, and
 * the teacher stays as it is:
 *
 * <pre>
 * loss = mean over all elements of |decoder(encoder(F)) - F|
 * </pre>
 *
 * <p>Source: Kim, Park, Kwak, "Paraphrasing Complex Network: Network Compression via Factor Transfer", NeurIPS 2018 (arXiv
 * 1802.04977), official code; K = D / 2 there.
 */
public final class Paraphraser {
    private static final String ENCODER = "encoder";
    private static final String DECODER = "decoder";

    private final FilterStack encoder;
    private final FilterStack decoder;

    /** @param parameters weights and biases of both halves for each of {@link Translator#LAYERS} layers */
    public Paraphraser(NamedTensors parameters) {
        encoder = FilterStack.ofConvolutions(ENCODER, parameters);
        decoder = FilterStack.ofTransposed(DECODER, parameters);
    }

    /**
     * Name of a weight [out, in, 3, 3] of the encoder.
     *
     * @param layer from 1
     */
    public static String encoderWeight(int layer) {
        return FilterStack.weight(ENCODER, layer);
    }

    /**
     * Name of a bias [out] of the encoder.
     *
     * @param layer from 1
     */
    public static String encoderBias(int layer) {
        return FilterStack.bias(ENCODER, layer);
    }

    /**
     * Name of a weight [in, out, 3, 3] of the decoder.
     *
     * @param layer from 1
     */
    public static String decoderWeight(int layer) {
        return FilterStack.weight(DECODER, layer);
    }

    /**
     * Name of a bias [out] of the decoder.
     *
     * @param layer from 1
     */
    public static String decoderBias(int layer) {
        return FilterStack.bias(DECODER, layer);
    }

    /** The code [B, K, H, W] of a map. */
    public FeatureMap code(FeatureMap map) {
        return encoder.forward(map).output();
    }

    /**
     * A step of training.
     *
     * @param loss mean absolute error of the reconstruction
     * @param code [B, K, H, W]
     * @param reconstruction [B, D, H, W]
     * @param parameters gradients, by the names of the parameters and in their shapes, 64-bit
     */
    public record Trained(double loss, FeatureMap code, FeatureMap reconstruction, NamedTensors parameters) {}

    /**
     * Loss and gradients on one batch.
     *
     * @param map of the teacher, constant
     */
    public Trained reconstruct(FeatureMap map) {
        FilterStack.Pass coded = encoder.forward(map);
        FilterStack.Pass decoded = decoder.forward(coded.output());
        FeatureMap reconstruction = decoded.output();
        map.requireSameShape(reconstruction);
        double[] slope = new double[map.values.length];
        double sum = 0;
        for (int i = 0; i < slope.length; i++) {
            double difference = reconstruction.values[i] - map.values[i];
            sum += Math.abs(difference);
            slope[i] = Math.signum(difference) / slope.length;
        }
        Adapter.Gradients atDecoder = decoded.backward(map.like(slope));
        SortedMap<String, Tensor> parameters =
                new TreeMap<>(atDecoder.parameters().asMap());
        parameters.putAll(coded.parameters(atDecoder.input()).asMap());
        return new Trained(sum / slope.length, coded.output(), reconstruction, NamedTensors.of(parameters));
    }
}
