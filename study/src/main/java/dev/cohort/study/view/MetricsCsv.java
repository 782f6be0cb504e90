package dev.cohort.study.view;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/** Writes a run as CSV rows: one per peer every few steps, and one per test result. Cells that do not apply are empty. */
public final class MetricsCsv {
    public static final String HEADER =
            "kind,step,epoch,source,cross_entropy,distillation,train_accuracy,test_accuracy,"
                    + "images_per_second,wait_share";

    private final long everySteps;
    private final Set<String> tested = new TreeSet<>();

    /** @param everySteps steps from one row of a peer to its next */
    public MetricsCsv(long everySteps) {
        this.everySteps = everySteps;
    }

    /** The rows that {@code message} adds; {@code view} must have taken it in already. */
    public List<String> rows(Message message, RunView view) {
        if (message instanceof Prediction prediction) {
            return prediction
                    .previous()
                    .filter(r -> r.step() % everySteps == 0)
                    .map(r -> List.of(stepRow(prediction, r, view)))
                    .orElse(List.of());
        }
        return message instanceof Evaluation evaluation ? testRows(evaluation, view) : List.of();
    }

    private static String stepRow(Prediction prediction, StepReport report, RunView view) {
        Optional<PeerView> peer = view.peers().stream()
                .filter(p -> p.id().equals(prediction.peer()))
                .findFirst();
        return String.join(
                ",",
                "step",
                Long.toString(report.step()),
                "",
                prediction.peer().value(),
                number(report.crossEntropy()),
                number(report.distillation()),
                number(report.correct()),
                "",
                peer.map(p -> number(p.imagesPerSecond())).orElse(""),
                peer.map(p -> number(p.waitShare())).orElse(""));
    }

    private List<String> testRows(Evaluation evaluation, RunView view) {
        int epoch = evaluation.epoch();
        String source = evaluation.source().equals(Evaluation.TEACHER) ? "teacher" : evaluation.source();
        if (!tested.add(epoch + "/" + source)) {
            return List.of();
        }
        List<String> rows = new ArrayList<>();
        rows.add(testRow(evaluation.step(), epoch, source, number(evaluation.crossEntropy()), evaluation.accuracy()));
        OptionalDouble ensemble = view.ensembleAccuracy(epoch);
        boolean all = view.ensembleSize(epoch) == view.ensembleMembers();
        if (ensemble.isPresent() && all && tested.add(epoch + "/ensemble")) {
            rows.add(testRow(evaluation.step(), epoch, "ensemble", "", ensemble.getAsDouble()));
        }
        return rows;
    }

    private static String testRow(long step, int epoch, String source, String crossEntropy, double accuracy) {
        return "test," + step + "," + (epoch + 1) + "," + source + "," + crossEntropy + ",,," + number(accuracy) + ",,";
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "";
    }
}
