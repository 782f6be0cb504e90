package dev.cohort.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    private static final Digest A = new Hasher().number(1).digest();
    private static final Digest B = new Hasher().number(2).digest();
    private static final PeerId PEER = new PeerId("p1");

    @Test
    void isTheSameForTheSameRecordsHoweverInterleaved() {
        Fingerprint one = new Fingerprint();
        one.batch(batch(1, 0, 5, 1, A));
        one.outcome(outcome(1, 0, "c", A));
        one.batch(batch(2, 0, 6, 1, A));
        one.outcome(outcome(2, 0, "c", A));
        Fingerprint other = new Fingerprint();
        other.batch(batch(1, 0, 5, 1, A));
        other.batch(batch(2, 0, 6, 1, A));
        other.outcome(outcome(1, 0, "another coordinator", A));
        other.outcome(outcome(2, 0, "another coordinator", A));

        assertThat(one.plan()).isEqualTo(other.plan());
        assertThat(one.run()).isEqualTo(other.run()).isNotEqualTo(one.plan());
    }

    @Test
    void countsOnlyTheFirstRecordOfAStep() {
        Fingerprint once = new Fingerprint();
        once.batch(batch(1, 0, 5, 1, A));
        once.batch(batch(2, 0, 5, 1, A));
        once.outcome(outcome(1, 0, "c", A));
        once.outcome(outcome(1, 1, "c", A));
        once.outcome(outcome(2, 0, "c", A));
        Fingerprint again = new Fingerprint();
        again.batch(batch(1, 0, 5, 1, A));
        again.batch(batch(1, 0, 7, 1, B));
        again.batch(batch(2, 0, 5, 1, A));
        again.batch(batch(1, 0, 5, 1, A));
        again.outcome(outcome(1, 0, "c", A));
        again.outcome(outcome(1, 0, "zombie", B));
        again.outcome(outcome(1, 1, "c", A));
        again.outcome(outcome(1, 0, "c", A));
        again.outcome(outcome(2, 0, "c", A));
        again.outcome(outcome(1, 1, "zombie", B));

        assertThat(again.plan()).isEqualTo(once.plan());
        assertThat(again.run()).isEqualTo(once.run());
    }

    @Test
    void differsWhenAnythingOfABatchDiffers() {
        Set<Digest> plans = new LinkedHashSet<>();
        plans.add(new Fingerprint().plan());
        plans.add(plan(batch(1, 0, 5, 1, A)));
        plans.add(plan(batch(2, 0, 5, 1, A)));
        plans.add(plan(batch(1, 1, 5, 1, A)));
        plans.add(plan(batch(1, 0, 6, 1, A)));
        plans.add(plan(batch(1, 0, 5, 2, A)));
        plans.add(plan(batch(1, 0, 5, 1, B)));
        plans.add(plan(mixed(0.5, new Box(0, 0, 1, 1))));
        plans.add(plan(mixed(0.25, new Box(0, 0, 1, 1))));
        plans.add(plan(mixed(0.5, new Box(0, 0, 1, 2))));

        assertThat(plans).hasSize(10);
    }

    @Test
    void differsWhenAPredictionDiffers() {
        Fingerprint one = new Fingerprint();
        one.outcome(outcome(1, 0, "c", A));
        Fingerprint other = new Fingerprint();
        other.outcome(outcome(1, 0, "c", B));

        assertThat(one.plan()).isEqualTo(other.plan());
        assertThat(one.run()).isNotEqualTo(other.run());
    }

    @Test
    void isTheSameHoweverOftenAPeerWasStarted() {
        Fingerprint one = new Fingerprint();
        one.outcome(outcome(2, 0, "c", A));
        Fingerprint restarted = new Fingerprint();
        restarted.outcome(outcome(2, 0, "c", A, 3));

        assertThat(restarted.run()).isEqualTo(one.run());
    }

    @Test
    void differsWhenASlotIsReset() {
        Outcome plain = outcome(2, 0, "c", A);
        Fingerprint one = new Fingerprint();
        one.outcome(plain);
        Fingerprint renewed = new Fingerprint();
        renewed.outcome(
                new Outcome(2, 0, "c", plain.stateBefore(), plain.contributors(), Ints.of(0), plain.resolution()));

        assertThat(renewed.run()).isNotEqualTo(one.run());
    }

    @Test
    void isTheSameInRecipeAndPixelMode() {
        Batch recipe = batch(1, 0, 5, 1, A);
        Batch pixels = new Batch(
                1,
                0,
                false,
                recipe.labels(),
                recipe.recipe(),
                recipe.digests(),
                Optional.of(List.of(ByteBuffer.wrap(new byte[8]))));

        assertThat(plan(pixels)).isEqualTo(plan(recipe));
    }

    @Test
    void isTheSameInEveryRelease() {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.batch(mixed(0.5, new Box(0, 0, 1, 1)));
        fingerprint.outcome(outcome(1, 0, "c", A));

        // Recorded from the first release: old runs must stay comparable.
        assertThat(fingerprint.plan().hex())
                .isEqualTo("680cf3a1e077c408c1a79dab451b3e714d254bf0e609ef0d3e7c946c97b1119e");
        assertThat(fingerprint.run().hex())
                .isEqualTo("6b97c3932f3e6e3d4331aa02bbaac1642ebf4cca881d9c3849bf7d037cd47cc8");
    }

    private static Digest plan(Batch batch) {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.batch(batch);
        return fingerprint.plan();
    }

    private static Batch batch(long step, int epoch, int sample, int label, Digest digest) {
        return new Batch(
                step,
                epoch,
                false,
                new SoftLabels(3, List.of(Ints.of(label, 0)), List.of(1.0)),
                new Recipe(
                        Ints.of(sample, 9),
                        List.of(),
                        OptionalDouble.empty(),
                        4,
                        List.of(new Recipe.View(Ints.of(0, 8), Ints.of(1, 2), Ints.of(0, 1), List.of()))),
                List.of(digest),
                Optional.empty());
    }

    private static Batch mixed(double weight, Box box) {
        return new Batch(
                1,
                0,
                true,
                new SoftLabels(3, List.of(Ints.of(1, 0), Ints.of(0, 1)), List.of(weight, 1 - weight)),
                new Recipe(
                        Ints.of(5, 9),
                        List.of(Ints.of(1, 0)),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(Ints.of(), Ints.of(), Ints.of(), List.of(box)))),
                List.of(A),
                Optional.empty());
    }

    private static Outcome outcome(long step, int part, String coordinator, Digest tensors) {
        return outcome(step, part, coordinator, tensors, 1);
    }

    private static Outcome outcome(long step, int part, String coordinator, Digest tensors, long incarnation) {
        return new Outcome(
                step,
                part,
                coordinator,
                A,
                List.of(new Outcome.Contributor(PEER, 0, incarnation, step - 1, tensors)),
                new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
    }
}
