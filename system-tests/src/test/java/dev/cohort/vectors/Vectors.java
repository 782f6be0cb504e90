package dev.cohort.vectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The folder of the published vectors. */
final class Vectors {
    /** Folder of the product: the nearest one above the working directory that has the build's wrapper. */
    static final Path HOME = Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
            .filter(folder -> Files.exists(folder.resolve("mvnw")))
            .findFirst()
            .orElseThrow();

    static final Path FOLDER = HOME.resolve("protocol/src/test/resources/vectors");
    private static final JsonNode ALL = read(FOLDER.resolve("vectors.json"));

    private Vectors() {}

    static List<JsonNode> list(String name) {
        return list(ALL.get(name));
    }

    static List<JsonNode> list(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }

    static JsonNode get(String name) {
        return ALL.get(name);
    }

    /** The message of a record, decoded as every process decodes it. */
    static Message message(String record) {
        Path file = FOLDER.resolve(record);
        String run =
                ALL.get("runs").get(record.substring(0, record.indexOf('/'))).asText();
        try {
            Decoding decoding = new MessageCodec(run, Limits.DEFAULT).decode(Files.readAllBytes(file));
            return decoding instanceof Decoding.Accepted accepted ? accepted.message() : fail(file, decoding);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Message fail(Path file, Decoding decoding) {
        throw new AssertionError(file + ": " + decoding);
    }

    static Tensor tensor(JsonNode json) {
        int[] shape = ints(json.get("shape")).toArray();
        return Tensor.wrap(
                DType.valueOf(json.get("dtype").asText()),
                Ints.of(shape),
                ByteBuffer.wrap(base64(json.get("data"))).asReadOnlyBuffer());
    }

    /** Numbers of a matrix, row by row. */
    static double[] numbers(JsonNode rows) {
        return list(rows).stream()
                .flatMap(row -> list(row).stream())
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    static Ints ints(JsonNode array) {
        return Ints.of(
                IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray());
    }

    static byte[] base64(JsonNode text) {
        return Base64.getDecoder().decode(text.asText());
    }

    static byte[] joined(List<byte[]> parts) {
        byte[] all = new byte[parts.stream().mapToInt(p -> p.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return Arrays.copyOf(all, at);
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
