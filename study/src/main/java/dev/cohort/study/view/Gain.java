package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.StreamSupport;

/**
 * How much better the learners of one run are than its control peer, which saw the same batches without distillation.
 *
 * @param peers mean test accuracy of the learners with control's model that trained every step, minus control's: other learners would
 *     compare networks or lengths of training, not methods. Empty if there is no such learner
 * @param ensemble accuracy of the ensemble minus control's; empty if unknown
 */
public record Gain(OptionalDouble peers, OptionalDouble ensemble) {
    /** The gain of a run; empty without a tested control peer. */
    static Optional<Gain> of(RunView view) {
        return view.control().filter(c -> c.testAccuracy().isPresent()).map(control -> {
            double alone = control.testAccuracy().getAsDouble();
            OptionalDouble alike = view.learners().stream()
                    .filter(p -> p.model().equals(control.model()) && (p.finished() || !p.ended()))
                    .filter(p -> p.firstStep() <= 1)
                    .map(PeerView::testAccuracy)
                    .filter(OptionalDouble::isPresent)
                    .mapToDouble(OptionalDouble::getAsDouble)
                    .average();
            return new Gain(minus(alike, alone), minus(view.ensembleAccuracy(), alone));
        });
    }

    /** The gain according to the JSON object of a finished run; empty without a tested control peer. */
    public static Optional<Gain> of(JsonNode result) {
        JsonNode control = result.path("control");
        if (!control.path("test_accuracy").isNumber()) {
            return Optional.empty();
        }
        double alone = control.path("test_accuracy").asDouble();
        List<JsonNode> alike = StreamSupport.stream(result.path("peers").spliterator(), false)
                .filter(p -> p.path("model").equals(control.path("model")))
                .filter(p -> p.path("test_accuracy").isNumber())
                .filter(p -> p.path("steps_trained").equals(result.path("steps")))
                .filter(p -> p.path("first_step").asLong(1) <= 1)
                .toList();
        OptionalDouble mean = alike.stream()
                .mapToDouble(p -> p.path("test_accuracy").asDouble())
                .average();
        JsonNode ensemble = result.path("ensemble").path("test_accuracy");
        return Optional.of(new Gain(
                minus(mean, alone),
                minus(ensemble.isNumber() ? OptionalDouble.of(ensemble.asDouble()) : OptionalDouble.empty(), alone)));
    }

    private static OptionalDouble minus(OptionalDouble accuracy, double other) {
        return accuracy.isPresent() ? OptionalDouble.of(accuracy.getAsDouble() - other) : OptionalDouble.empty();
    }
}
