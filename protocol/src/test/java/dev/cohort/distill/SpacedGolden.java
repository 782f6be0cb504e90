package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.golden.GoldenFile;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;

/** Spaced distillation against golden values. */
public final class SpacedGolden {
    private SpacedGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("spaced_schedule", SpacedGolden::schedule);
        checks.put("spaced_loss", SpacedGolden::loss);
        return checks;
    }

    private static void schedule(GoldenFile file) {
        JsonNode cases = file.input("cases");
        JsonNode results = file.expected("results");
        assertThat(results).hasSameSizeAs(cases);
        for (int i = 0; i < cases.size(); i++) {
            double[] numbers = GoldenFile.numbers(cases.get(i));
            SpacedSchedule schedule = SpacedSchedule.of((long) numbers[0], numbers[1]);
            long steps = (long) (numbers[0] * numbers[2]);
            JsonNode expected = results.get(i);
            TreeSet<String> keys = new TreeSet<>();
            expected.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).hasSize(8);

            compare(expected, "interval", (double) schedule.interval());
            compare(expected, "session_after_step", each(steps, schedule::isSession, step -> step));
            compare(expected, "session_first_batch", each(steps, schedule::isSession, schedule::firstBatch));
            compare(expected, "session_last_batch", each(steps, schedule::isSession, step -> step));
            LongPredicate used = batch -> schedule.isUsed(batch, steps);
            compare(expected, "student_batches", each(steps, used, batch -> batch));
            compare(expected, "teacher_updates_at_prediction", each(steps, used, schedule::teacherUpdates));
            compare(expected, "batches_never_used", each(steps, used.negate(), batch -> batch));
            compare(expected, "mean_lead", schedule.meanLead());
        }
    }

    private static double[] each(long last, LongPredicate which, LongToDoubleFunction number) {
        return LongStream.rangeClosed(1, last).filter(which).mapToDouble(number).toArray();
    }

    private static void compare(JsonNode expected, String key, double... actual) {
        assertThat(actual).as(key).containsExactly(GoldenFile.numbers(expected.path(key)), within(1e-9));
    }

    private static void loss(GoldenFile file) {
        SpacedLoss.Outputs own =
                new SpacedLoss.Outputs(GoldenFile.tensor(file.input("z")), GoldenFile.tensor(file.input("f")));
        SpacedLoss.Outputs teacher = new SpacedLoss.Outputs(
                GoldenFile.tensor(file.input("teacher_logits")), GoldenFile.tensor(file.input("teacher_f")));
        SpacedLoss.Weights weights = new SpacedLoss.Weights(file.hyper("alpha"), file.hyper("beta"), file.hyper("T"));
        SpacedLoss coded = SpacedLoss.of(file.labels(), own, teacher, weights, SpacedLoss.Form.AS_CODED);
        SpacedLoss clean = SpacedLoss.of(file.labels(), own, teacher, weights, SpacedLoss.Form.CLEAN);

        file.compare("ce", clean.crossEntropy());
        file.compare("distance", clean.distance());
        file.compare("soft_as_coded", coded.soft());
        file.compare("loss_as_coded", coded.loss());
        file.compare("grad_z_as_coded", coded.logits().toDoubles());
        file.compare("soft_clean", clean.soft());
        file.compare("loss_clean", clean.loss());
        file.compare("grad_z_clean", clean.logits().toDoubles());
        file.compare("grad_f", clean.features().toDoubles());
        assertThat(coded.features()).isEqualTo(clean.features());
    }
}
