package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MessageJsonTest {
    private static final Digest DIGEST = new Hasher().text("x").digest();
    private static final Tensor LOGITS = Tensor.of(DType.FLOAT32, new double[] {0, 0, 2, 4}, 2, 2);

    private final MessageJson summarised = new MessageJson(false);

    private static Prediction prediction() {
        return new Prediction(
                7, 0, new PeerId("p1"), 2, 6, NamedTensors.of(TensorName.LOGITS, LOGITS), DIGEST, Optional.empty());
    }

    @Test
    void summarisesTensors() {
        ObjectNode json = summarised.of(prediction());

        assertThat(json.path("kind").asText()).isEqualTo("prediction");
        assertThat(json.path("step").asLong()).isEqualTo(7);
        assertThat(json.path("peer").asText()).isEqualTo("p1");
        assertThat(json.path("rendered").asText()).isEqualTo(DIGEST.hex());
        var logits = json.path("tensors").path("logits");
        assertThat(logits.path("dtype").asText()).isEqualTo("float32");
        assertThat(logits.path("shape").toString()).isEqualTo("[2,2]");
        assertThat(logits.path("min").asDouble()).isZero();
        assertThat(logits.path("mean").asDouble()).isEqualTo(1.5);
        assertThat(logits.path("max").asDouble()).isEqualTo(4);
        double p = 1 / (1 + Math.exp(-2));
        double second = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
        assertThat(logits.path("entropy").asDouble()).isCloseTo((Math.log(2) + second) / 2, within(1e-12));
        assertThat(logits.has("values")).isFalse();
    }

    @Test
    void writesTensorsOutWhenAsked() {
        assertThat(new MessageJson(true)
                        .of(prediction())
                        .path("tensors")
                        .path("logits")
                        .path("values")
                        .toString())
                .isEqualTo("[0.0,0.0,2.0,4.0]");
    }

    @Test
    void showsTheTermsAndContributorsOfAnOutcome() {
        Outcome outcome = new Outcome(
                3,
                0,
                "c1",
                DIGEST,
                List.of(new Outcome.Contributor(new PeerId("p1"), 0, 1, 2, DIGEST)),
                new Outcome.Targets(
                        1,
                        List.of(new Term.SoftTarget("mean", LOGITS, Term.Space.LOGITS, Term.Vote.INCLUDED, 0.5, 3)),
                        List.of(new Outcome.Part(new PeerId("p1"), DIGEST)),
                        true));

        ObjectNode json = summarised.of(outcome);

        assertThat(json.path("contributors").path(0).path("peer").asText()).isEqualTo("p1");
        assertThat(json.path("terms").path(0).path("term").asText()).isEqualTo("SoftTarget");
        assertThat(json.path("terms").path(0).path("temperature").asDouble()).isEqualTo(3);
        assertThat(json.path("terms").path(0).path("values").path("max").asDouble())
                .isEqualTo(4);
        assertThat(json.path("addressed").path(0).path("digest").asText()).isEqualTo(DIGEST.hex());
        assertThat(json.path("exact").asBoolean()).isTrue();
    }

    @Test
    void showsWhyAStepHasNoTargetsAndTheCommands() {
        Outcome skipped = new Outcome(3, 0, "c1", DIGEST, List.of(), new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
        assertThat(summarised.of(skipped).path("skipped").asText()).isEqualTo("too_few");
        assertThat(summarised
                        .of(new Command(Command.Kind.DRAIN, Optional.of(new PeerId("p2")), "enough"))
                        .toString())
                .isEqualTo("{\"kind\":\"command\",\"command\":\"drain\",\"reason\":\"enough\",\"peer\":\"p2\"}");
    }
}
