package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.TreeMap;

/** A command that has ended: its exit code and its output. */
record Ended(String line, int code, String out, String err) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Asserts success. */
    Ended well() {
        assertThat(code).as("exit code of %s", this).isZero();
        return this;
    }

    /** The JSON object in the last line of standard output. */
    JsonNode json() {
        String last = out.lines().reduce("", (before, after) -> after);
        try {
            return MAPPER.readTree(last);
        } catch (JsonProcessingException e) {
            throw new AssertionError("last line of " + this + " is no JSON", e);
        }
    }

    /** Digest of the final weights by peer, of a run with its result in JSON. */
    Map<String, String> weights() {
        Map<String, String> weights = new TreeMap<>();
        json().path("peers")
                .forEach(p -> weights.put(
                        p.path("id").asText(), p.path("weights_sha256").asText()));
        assertThat(weights.values())
                .as("weights in %s", this)
                .isNotEmpty()
                .allMatch(digest -> digest.matches("[0-9a-f]{64}"));
        return weights;
    }
}
