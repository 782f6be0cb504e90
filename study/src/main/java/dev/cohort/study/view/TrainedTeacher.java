package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * The networks that were trained before a run, because its method imitates stored networks and the experiment names none.
 *
 * @param steps that each network was trained
 * @param seconds wall time of the training
 */
public record TrainedTeacher(long steps, double seconds, List<Network> networks) {
    public TrainedTeacher {
        networks = List.copyOf(networks);
    }

    /**
     * One network.
     *
     * @param testAccuracy 0..1
     */
    public record Network(String model, OptionalDouble testAccuracy) {}

    /** Reads the result of the run that trained the networks. */
    public static TrainedTeacher of(JsonNode result) {
        List<Network> networks = new ArrayList<>();
        for (JsonNode peer : result.path("peers")) {
            JsonNode accuracy = peer.path("test_accuracy");
            networks.add(new Network(
                    peer.path("model").asText(),
                    accuracy.isNumber() ? OptionalDouble.of(accuracy.asDouble()) : OptionalDouble.empty()));
        }
        return new TrainedTeacher(
                result.path("steps").asLong(), result.path("seconds").asDouble(), networks);
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("steps", steps).put("seconds", seconds);
        ArrayNode all = json.putArray("networks");
        for (Network network : networks) {
            ObjectNode one = all.addObject().put("model", network.model());
            network.testAccuracy()
                    .ifPresentOrElse(a -> one.put("test_accuracy", a), () -> one.putNull("test_accuracy"));
        }
        return json;
    }

    /** One line of text. */
    public String sentence() {
        return "Teacher trained before the run: "
                + networks.stream()
                        .map(n -> n.model() + " " + Words.percent(n.testAccuracy()))
                        .collect(Collectors.joining(", "))
                + " after " + Words.count(steps, "step") + " ("
                + String.format(Locale.ROOT, "%.1f s", seconds) + ").";
    }
}
