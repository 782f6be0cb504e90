package dev.cohort.peer.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Files in the safetensors format: 8 bytes little-endian length of the header, the header as JSON (name to dtype, shape and
 * data_offsets), then the tensors' bytes without gaps. See https://github.com/huggingface/safetensors. Reading is as strict as
 * in the format's own library.
 */
public final class Safetensors {
    private static final String METADATA = "__metadata__";
    private static final int LENGTH_BYTES = 8;
    /** The limit of the format's own library. */
    private static final int HEADER_BYTES_MAX = 100_000_000;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Safetensors() {}

    /** The content of a file. */
    public record Contents(SortedMap<String, String> metadata, NamedTensors tensors) {
        public Contents {
            metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
        }
    }

    /** A file that violates the format; the message names the place. */
    public static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /** Writes a new file; after return its bytes are on the disk. */
    public static void write(Path file, Contents contents) throws IOException {
        byte[] header = header(contents);
        ByteBuffer start = ByteBuffer.allocate(LENGTH_BYTES + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .flip();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeFully(channel, start);
            for (Tensor tensor : contents.tensors().asMap().values()) {
                writeFully(channel, tensor.bytes());
            }
            channel.force(true);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Padded with spaces so that the tensors start at a multiple of 8. */
    private static byte[] header(Contents contents) throws JsonProcessingException {
        ObjectNode header = JSON.createObjectNode();
        ObjectNode metadata = header.putObject(METADATA);
        contents.metadata().forEach(metadata::put);
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : contents.tensors().asMap().entrySet()) {
            if (entry.getKey().equals(METADATA)) {
                throw new IllegalArgumentException("tensor name " + METADATA + ": is reserved by the format");
            }
            Tensor tensor = entry.getValue();
            ObjectNode about = header.putObject(entry.getKey()).put("dtype", name(tensor.dtype()));
            tensor.shape().stream().forEach(about.putArray("shape")::add);
            long end = offset + tensor.bytes().remaining();
            about.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static String name(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> "F16";
            case FLOAT32 -> "F32";
            case FLOAT64 -> "F64";
        };
    }

    /**
     * Reads a whole file.
     *
     * @throws MalformedException when it is truncated, has gaps, or breaks the format in another way
     */
    public static Contents read(Path file) throws IOException {
        return read(readFully(file));
    }

    /**
     * Reads the metadata of a file and none of its tensors.
     *
     * @throws MalformedException when its header is truncated or breaks the format in another way
     */
    static SortedMap<String, String> readMetadata(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer start = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, start);
            require(!start.hasRemaining(), "file of " + channel.size() + " bytes: has no header");
            long length = start.flip().getLong();
            requireLength(length, channel.size() - LENGTH_BYTES);
            ByteBuffer json = ByteBuffer.allocate((int) length);
            readFully(channel, json);
            return metadata(parse(json.array()));
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
    }

    private static void requireLength(long length, long available) throws MalformedException {
        require(
                length >= 2 && length <= HEADER_BYTES_MAX && length <= available,
                "header of " + length + " bytes: the file has " + available + " after the length field");
    }

    /**
     * Reads the bytes of a whole file.
     *
     * @throws MalformedException when they are truncated, have gaps, or break the format in another way
     */
    static Contents read(ByteBuffer file) throws MalformedException {
        ByteBuffer bytes = file.order(ByteOrder.LITTLE_ENDIAN);
        require(bytes.remaining() >= LENGTH_BYTES, "file of " + bytes.remaining() + " bytes: has no header");
        long length = bytes.getLong();
        requireLength(length, bytes.remaining());
        byte[] json = new byte[(int) length];
        bytes.get(json);
        return contents(parse(json), bytes.slice());
    }

    private static ByteBuffer readFully(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            require(size <= Integer.MAX_VALUE, "file of " + size + " bytes: must be below 2 GiB");
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            readFully(channel, bytes);
            return bytes.flip();
        }
    }

    private static JsonNode parse(byte[] json) throws MalformedException {
        require(json[0] == '{', "header does not start with {");
        try {
            return JSON.readTree(new String(json, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new MalformedException("header is not JSON: " + e.getOriginalMessage());
        }
    }

    /** One entry of the header. */
    private record Entry(String name, JsonNode about, long begin, long end) {}

    private static Contents contents(JsonNode header, ByteBuffer data) throws MalformedException {
        List<Entry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            if (!field.getKey().equals(METADATA)) {
                long[] offsets = integers(field.getKey(), field.getValue(), "data_offsets");
                require(offsets.length == 2, field.getKey() + ": must have two data_offsets");
                entries.add(new Entry(field.getKey(), field.getValue(), offsets[0], offsets[1]));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        long position = 0;
        for (Entry entry : entries) {
            require(
                    entry.begin() == position && entry.end() >= position && entry.end() <= data.limit(),
                    entry.name() + ": bytes " + entry.begin() + " to " + entry.end() + " do not follow " + position
                            + " within " + data.limit());
            tensors.put(entry.name(), tensor(entry, data));
            position = entry.end();
        }
        require(position == data.limit(), "tensors end at byte " + position + " of " + data.limit());
        return new Contents(metadata(header), NamedTensors.of(tensors));
    }

    private static SortedMap<String, String> metadata(JsonNode header) {
        SortedMap<String, String> metadata = new TreeMap<>();
        for (Map.Entry<String, JsonNode> item : header.path(METADATA).properties()) {
            metadata.put(item.getKey(), item.getValue().asText());
        }
        return metadata;
    }

    private static Tensor tensor(Entry entry, ByteBuffer data) throws MalformedException {
        DType dtype = switch (entry.about().path("dtype").asText()) {
            case "F16" -> DType.FLOAT16;
            case "F32" -> DType.FLOAT32;
            case "F64" -> DType.FLOAT64;
            default ->
                throw new MalformedException(
                        entry.name() + ": dtype " + entry.about().path("dtype") + " must be F16, F32 or F64");
        };
        try {
            int[] shape = Arrays.stream(integers(entry.name(), entry.about(), "shape"))
                    .mapToInt(Math::toIntExact)
                    .toArray();
            return Tensor.wrap(
                    dtype, Ints.of(shape), data.slice((int) entry.begin(), (int) (entry.end() - entry.begin())));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MalformedException(entry.name() + ": " + e.getMessage());
        }
    }

    private static long[] integers(String name, JsonNode about, String key) throws MalformedException {
        JsonNode array = about.path(key);
        require(array.isArray(), name + ": must have " + key);
        long[] values = new long[array.size()];
        for (int i = 0; i < values.length; i++) {
            require(
                    array.get(i).isIntegralNumber() && array.get(i).canConvertToLong(),
                    name + ": " + key + " must be integers");
            values[i] = array.get(i).longValue();
        }
        return values;
    }

    private static void require(boolean ok, String message) throws MalformedException {
        if (!ok) {
            throw new MalformedException(message);
        }
    }
}
