package dev.cohort.peer.checkpoint;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A trained network in a file: a checkpoint of a peer, of which only the peer's own weights and statistics are taken, or one
 * that comes with the product.
 *
 * @param weights by the names of the network
 */
public record StoredNetwork(About about, long step, NamedTensors weights) {
    /**
     * Prefixes of what a checkpoint holds besides the network: what the optimizer keeps of gradients, a teacher kept beside it,
     * copies of other peers.
     */
    private static final List<String> BESIDES = List.of("momentum/", "adamw/", "own_teacher", "copy/");

    /** Prefix of the averages of the weights, which are the network if there are any: they were evaluated. */
    public static final String AVERAGE = "average/";

    /** Name of the number of updates in the averages. */
    public static final String AVERAGED_UPDATES = "average.updates";

    /**
     * Describes a network, so that it can be built again.
     *
     * @param model name in the model catalogue
     * @param normalisation of its input
     */
    public record About(String model, int classes, ImageShape image, Normalisation normalisation) {
        /** As the metadata of a file; {@link #read} reads it back. */
        public SortedMap<String, String> metadata() {
            return new TreeMap<>(Map.of(
                    "model",
                    model,
                    "classes",
                    Integer.toString(classes),
                    "image",
                    image.height() + "x" + image.width() + "x" + image.channels(),
                    "mean",
                    words(normalisation.mean()),
                    "deviation",
                    words(normalisation.deviation())));
        }

        private static About of(Map<String, String> metadata) throws IOException {
            for (String key : List.of("model", "classes", "image", "mean", "deviation")) {
                if (!metadata.containsKey(key)) {
                    throw new IOException("metadata without " + key
                            + ": the file does not describe its network; use a checkpoint written by this version");
                }
            }
            try {
                int[] sides = Arrays.stream(
                                String.valueOf(metadata.get("image")).split("x", -1))
                        .mapToInt(Integer::parseInt)
                        .toArray();
                if (sides.length != 3) {
                    throw new IOException("image " + metadata.get("image") + ": must be HEIGHTxWIDTHxCHANNELS");
                }
                return new About(
                        String.valueOf(metadata.get("model")),
                        Integer.parseInt(String.valueOf(metadata.get("classes"))),
                        new ImageShape(sides[0], sides[1], sides[2]),
                        new Normalisation(numbers(metadata, "mean"), numbers(metadata, "deviation")));
            } catch (IllegalArgumentException e) {
                throw new IOException("metadata " + metadata + ": " + e.getMessage(), e);
            }
        }
    }

    private static String words(List<Double> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    private static List<Double> numbers(Map<String, String> metadata, String key) {
        return Arrays.stream(String.valueOf(metadata.get(key)).split(" ", -1))
                .map(Double::valueOf)
                .toList();
    }

    /**
     * Reads a network.
     *
     * @param checkpoint as {@link OwnTeacher.Frozen#checkpoints} names it
     * @throws IOException when the file is missing, damaged, or does not describe its network; the message names no file
     */
    public static StoredNetwork read(String checkpoint) throws IOException {
        Safetensors.Contents contents = checkpoint.startsWith(OwnTeacher.Frozen.BUILT_IN)
                ? builtIn(checkpoint.substring(OwnTeacher.Frozen.BUILT_IN.length()))
                : file(Path.of(checkpoint));
        CheckpointStore.Checkpoint whole = SafetensorsStore.checked(contents);
        SortedMap<String, Tensor> weights = new TreeMap<>(whole.learner().asMap());
        weights.keySet().removeIf(name -> BESIDES.stream().anyMatch(name::startsWith) || name.equals(AVERAGED_UPDATES));
        for (Map.Entry<String, Tensor> tensor : whole.learner().asMap().entrySet()) {
            if (tensor.getKey().startsWith(AVERAGE)) {
                weights.remove(tensor.getKey());
                weights.put(tensor.getKey().substring(AVERAGE.length()), tensor.getValue());
            }
        }
        return new StoredNetwork(About.of(contents.metadata()), whole.step(), NamedTensors.of(weights));
    }

    private static Safetensors.Contents file(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException(
                    "is a folder: must be a checkpoint, a folder of checkpoints step-N.safetensors, or a finished run");
        }
        try {
            return Safetensors.read(file);
        } catch (NoSuchFileException e) {
            throw new IOException("no such file", e);
        }
    }

    private static Safetensors.Contents builtIn(String name) throws IOException {
        String resource = "builtin/" + name + ".safetensors";
        try (InputStream in = StoredNetwork.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("resource " + resource + " is missing from this build: build it again");
            }
            return Safetensors.read(ByteBuffer.wrap(in.readAllBytes()));
        }
    }

    /** Writes the network to a new file that {@link #read} can read. */
    public void write(Path file) throws IOException {
        Safetensors.write(
                file, SafetensorsStore.contents(new CheckpointStore.Checkpoint(step, weights), about.metadata()));
    }
}
