package dev.cohort.runtime.archive;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The first member of an archive, which describes the others.
 *
 * @param run id of the run
 * @param partitions number of partitions of every topic
 * @param checkpoints checkpoints of the peers, whether or not their files are in the archive
 */
public record ArchiveManifest(String run, Map<Topic, Integer> partitions, List<Checkpoint> checkpoints) {
    static final String MEMBER = "MANIFEST.json";
    private static final String FORMAT = "cohort-archive";
    private static final int VERSION = 1;
    private static final String ABOUT =
            "A run of Cohort. topics/NAME-PARTITION.records: the records of each partition, in order, big-endian:"
                    + " byte 1, long offset, long time of the broker (Unix ms), int length, the bytes of the message (cohort.proto);"
                    + " byte 2, long first and last offset of records that could not be read (last 2^63 - 1: not known), int length, why"
                    + " (UTF-8); byte 0 at the end. SHA256SUMS has the checksum of every other member (sha256sum -c SHA256SUMS).";

    public ArchiveManifest {
        partitions = Collections.unmodifiableMap(new EnumMap<>(partitions));
        checkpoints = List.copyOf(checkpoints);
    }

    /**
     * A checkpoint file.
     *
     * @param name path below the folder of checkpoints, with slashes
     * @param step number of updates; empty if the name has none
     * @param sha256 digest of the file, 64 hexadecimal digits
     * @param included whether the archive has the file
     */
    public record Checkpoint(String name, OptionalLong step, String sha256, boolean included) {}

    /** Name of the member with the records of a partition. */
    static String member(Topic topic, int partition) {
        return "topics/" + new Positions.Place(topic, partition) + ".records";
    }

    byte[] toJson() {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode json = mapper.createObjectNode();
        json.put("format", FORMAT).put("version", VERSION).put("about", ABOUT).put("run", run);
        ObjectNode topics = json.putObject("partitions");
        partitions.forEach((topic, count) -> topics.put(topic.suffix(), count));
        ArrayNode files = json.putArray("checkpoints");
        for (Checkpoint checkpoint : checkpoints) {
            ObjectNode one = files.addObject().put("name", checkpoint.name());
            checkpoint.step().ifPresentOrElse(step -> one.put("step", step), () -> one.putNull("step"));
            one.put("sha256", checkpoint.sha256()).put("included", checkpoint.included());
        }
        try {
            return mapper.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the manifest is not plain JSON", e);
        }
    }

    /** @throws IOException when {@code bytes} are no manifest, or one of another version */
    static ArchiveManifest read(byte[] bytes) throws IOException {
        JsonNode json = new ObjectMapper().readTree(new String(bytes, StandardCharsets.UTF_8));
        if (!json.path("format").asText().equals(FORMAT)) {
            throw new IOException(MEMBER + " has format '" + json.path("format").asText() + "': must be " + FORMAT);
        }
        int version = json.path("version").asInt();
        if (version != VERSION) {
            throw new IOException(MEMBER + " has version " + version + ": this program reads version " + VERSION);
        }
        EnumMap<Topic, Integer> partitions = new EnumMap<>(Topic.class);
        for (Topic topic : Topic.values()) {
            partitions.put(topic, json.path("partitions").path(topic.suffix()).asInt());
        }
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (JsonNode one : json.path("checkpoints")) {
            checkpoints.add(new Checkpoint(
                    one.path("name").asText(),
                    one.path("step").isNumber()
                            ? OptionalLong.of(one.path("step").asLong())
                            : OptionalLong.empty(),
                    one.path("sha256").asText(),
                    one.path("included").asBoolean()));
        }
        return new ArchiveManifest(json.path("run").asText(), partitions, checkpoints);
    }
}
