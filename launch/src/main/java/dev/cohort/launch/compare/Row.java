package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.study.view.Gain;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The result of one finished run of a comparison.
 *
 * @param resumed whether the run was interrupted and resumed, so that its times cover its last part only
 * @param directory of the run, relative to that of the comparison
 * @param result JSON object of the run's result
 */
public record Row(Planned run, boolean resumed, String directory, JsonNode result) {
    private static final String ACCURACY = "test_accuracy";

    private Stream<JsonNode> peers() {
        return StreamSupport.stream(result.path("peers").spliterator(), false);
    }

    /** Test accuracy of every tested learner, 0..1, by id. */
    public Map<String, Double> accuracies() {
        Map<String, Double> found = new TreeMap<>();
        peers().filter(p -> p.path(ACCURACY).isNumber())
                .forEach(p -> found.put(p.path("id").asText(), p.path(ACCURACY).asDouble()));
        return found;
    }

    /** Test accuracy, 0..1; the mean over all learners for {@link Figure#PEERS}. */
    public OptionalDouble accuracy(Figure figure) {
        return switch (figure) {
            case PEERS ->
                accuracies().values().stream().mapToDouble(Double::doubleValue).average();
            case ENSEMBLE, TEACHER, CONTROL -> number(result.path(figure.key()).path(ACCURACY));
        };
    }

    /** Gain over the control peer of the same run; for {@link Figure#PEERS} only peers with control's model count. */
    public OptionalDouble gain(Figure figure) {
        Optional<Gain> gain = Gain.of(result);
        return switch (figure) {
            case PEERS -> gain.map(Gain::peers).orElse(OptionalDouble.empty());
            case ENSEMBLE -> gain.map(Gain::ensemble).orElse(OptionalDouble.empty());
            case TEACHER, CONTROL -> OptionalDouble.empty();
        };
    }

    private static OptionalDouble number(JsonNode value) {
        return value.isNumber() ? OptionalDouble.of(value.asDouble()) : OptionalDouble.empty();
    }

    public String method() {
        return result.path("method").asText();
    }

    public long steps() {
        return result.path("steps").asLong();
    }

    /** Wall time of the run from its command to its result. */
    public double seconds() {
        return result.path("seconds").asDouble();
    }

    /** Mean over the learners. */
    public double imagesPerSecond() {
        return mean(p -> p.path("images_per_second").asDouble());
    }

    /** Mean over the learners, 0..1. */
    public double waitShare() {
        return mean(p -> p.path("wait_share").asDouble());
    }

    private double mean(ToDoubleFunction<JsonNode> figure) {
        return peers().mapToDouble(figure).average().orElse(0);
    }

    /** Fingerprint of all batches. */
    public String plan() {
        return result.path("fingerprints").path("plan").asText();
    }

    /** Digest of the control peer's final weights. */
    public Optional<String> controlWeights() {
        return Optional.of(result.path("control").path("weights_sha256"))
                .filter(JsonNode::isTextual)
                .map(JsonNode::asText);
    }

    /** Whether the method has no targets by design. */
    private boolean learnsAlone() {
        return MethodCatalog.find(method()).filter(Method::distils).isEmpty();
    }

    /** Reasons that this run is not complete, without a full stop. */
    public List<String> faults() {
        List<String> faults = new ArrayList<>();
        peers().filter(p -> p.path("steps_trained").asLong() != steps())
                .forEach(p -> faults.add(p.path("id").asText() + " trained "
                        + p.path("steps_trained").asLong() + " of " + steps() + " steps"));
        long skipped = result.path("outcomes").path("skipped").asLong();
        if (skipped > 0 && !(skipped == steps() && learnsAlone())) {
            faults.add(skipped + " of " + steps() + " steps had no targets");
        }
        long rejected = result.path("rejected_messages").asLong();
        if (rejected > 0) {
            faults.add(rejected + " messages were rejected");
        }
        return faults;
    }
}
