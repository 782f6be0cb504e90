package dev.cohort.distill.dense;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Dense tasks against golden values. */
public final class DenseGolden {
    private DenseGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("segmentation", DenseGolden::segmentation);
        checks.put("segmentation_miou", DenseGolden::confusion);
        checks.put("detection", DenseGolden::detection);
        checks.put("detection_ap", DenseGolden::averagePrecision);
        return checks;
    }

    private static PixelLabels pixels(GoldenFile file, int classes) {
        JsonNode labels = file.input("labels");
        return new PixelLabels(
                labels.size(),
                labels.get(0).size(),
                labels.get(0).get(0).size(),
                GoldenFile.ints(labels),
                classes,
                (int) file.hyper("ignore"));
    }

    private static void segmentation(GoldenFile file) {
        List<FeatureMap> logits =
                GoldenFile.tensors(file.input("z")).stream().map(FeatureMap::of).toList();
        PixelLabels labels = pixels(file, logits.get(0).channels());
        List<SegmentationLoss> losses = IntStream.range(0, logits.size())
                .mapToObj(i ->
                        SegmentationLoss.of(labels, logits.get(i), others(logits, i), file.hyper("w"), file.hyper("T")))
                .toList();

        file.compare("pixels", labels.pixels());
        file.compare("ce", each(losses, SegmentationLoss::crossEntropy));
        file.compare("kd", each(losses, SegmentationLoss::divergence));
        file.compare("per_peer_loss", each(losses, SegmentationLoss::loss));
        file.compare("loss", Arrays.stream(each(losses, SegmentationLoss::loss)).sum());
        file.compare(
                "grad_z", joined(losses.stream().map(loss -> loss.gradient().toDoubles())));
    }

    private static void confusion(GoldenFile file) {
        int classes = (int) file.hyper("classes");
        PixelLabels labels = pixels(file, classes);
        JsonNode expected = file.expected("iou");
        List<Double> counts = new ArrayList<>();
        List<Double> means = new ArrayList<>();
        List<Double> accuracies = new ArrayList<>();
        for (int peer = 0; peer < file.input("prediction").size(); peer++) {
            Ints prediction = GoldenFile.ints(file.input("prediction").get(peer));
            Confusion confusion = Confusion.none(classes).plus(labels, prediction);
            for (int i = 0; i < classes * classes; i++) {
                counts.add((double) confusion.count(i / classes, i % classes));
            }
            List<OptionalDouble> scores = confusion.intersectionOverUnion();
            for (int k = 0; k < classes; k++) {
                compare(
                        file,
                        "iou of class " + k,
                        scores.get(k),
                        expected.get(peer).get(k));
            }
            means.add(confusion.meanIntersectionOverUnion().orElseThrow());
            accuracies.add(confusion.pixelAccuracy().orElseThrow());
        }
        file.compare("confusion", each(counts, Double::doubleValue));
        file.compare("miou", each(means, Double::doubleValue));
        file.compare("pixel_accuracy", each(accuracies, Double::doubleValue));
    }

    private static void detection(GoldenFile file) {
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        List<Tensor> boxes = GoldenFile.tensors(file.input("boxes"));
        LocationLabels labels = new LocationLabels(
                GoldenFile.ints(file.input("labels")),
                GoldenFile.tensor(file.input("gt_boxes")),
                logits.get(0).dimension(2));
        List<DetectionLoss.Prediction> peers = IntStream.range(0, logits.size())
                .mapToObj(i -> new DetectionLoss.Prediction(logits.get(i), boxes.get(i)))
                .toList();
        DetectionLoss.Weights weights = new DetectionLoss.Weights(
                file.hyper("T"), file.hyper("w_kd_class"), file.hyper("w_kd_l1"), file.hyper("w_kd_giou"));
        assertThat(file.hyper("eps")).isEqualTo(GeneralisedIou.EPSILON);
        List<DetectionLoss> losses = IntStream.range(0, peers.size())
                .mapToObj(i -> DetectionLoss.of(labels, peers.get(i), others(peers, i), weights))
                .toList();

        file.compare("foreground", labels.foreground());
        file.compare("class_loss", each(losses, DetectionLoss::classes));
        file.compare("box_loss", each(losses, DetectionLoss::boxes));
        file.compare("kd_class", each(losses, DetectionLoss::divergence));
        file.compare("kd_l1", each(losses, DetectionLoss::distance));
        file.compare("kd_giou", each(losses, DetectionLoss::overlap));
        file.compare("per_peer_loss", each(losses, DetectionLoss::loss));
        file.compare("loss", Arrays.stream(each(losses, DetectionLoss::loss)).sum());
        file.compare(
                "grad_z",
                joined(losses.stream().map(loss -> loss.logitsGradient().toDoubles())));
        file.compare(
                "grad_boxes",
                joined(losses.stream().map(loss -> loss.boxesGradient().toDoubles())));
    }

    private static void averagePrecision(GoldenFile file) {
        int classes = (int) file.hyper("classes");
        double[] thresholds = file.hyperNumbers("iou_thresholds");
        List<AveragePrecision.Image> images = new ArrayList<>();
        file.input("images").forEach(node -> images.add(image(node)));
        JsonNode expected = file.expected("ap");
        for (int label = 0; label < classes; label++) {
            for (int t = 0; t < thresholds.length; t++) {
                compare(
                        file,
                        "ap of class " + label + " at " + thresholds[t],
                        AveragePrecision.of(images, label, thresholds[t]),
                        expected.get(label).get(t));
            }
        }
        file.compare(
                "AP",
                AveragePrecision.mean(
                                images,
                                classes,
                                Arrays.stream(thresholds).boxed().toList())
                        .orElseThrow());
        file.compare(
                "AP50", AveragePrecision.mean(images, classes, List.of(0.5)).orElseThrow());
    }

    private static AveragePrecision.Image image(JsonNode node) {
        List<AveragePrecision.Detected> detected = new ArrayList<>();
        for (int i = 0; i < node.get("boxes").size(); i++) {
            detected.add(new AveragePrecision.Detected(
                    box(node.get("boxes").get(i)),
                    node.get("classes").get(i).asInt(),
                    node.get("scores").get(i).asDouble()));
        }
        List<AveragePrecision.Labelled> labelled = new ArrayList<>();
        for (int i = 0; i < node.get("gt_boxes").size(); i++) {
            labelled.add(new AveragePrecision.Labelled(
                    box(node.get("gt_boxes").get(i)),
                    node.get("gt_classes").get(i).asInt()));
        }
        return new AveragePrecision.Image(detected, labelled);
    }

    private static BoundingBox box(JsonNode corners) {
        double[] box = GoldenFile.numbers(corners);
        return new BoundingBox(box[0], box[1], box[2], box[3]);
    }

    /** Of a score that is null in the file when there is none. */
    private static void compare(GoldenFile file, String what, OptionalDouble actual, JsonNode expected) {
        assertThat(actual.isEmpty()).as(what + " is empty").isEqualTo(expected.isNull());
        actual.ifPresent(score -> file.compareDerived(what, score, expected.asDouble()));
    }

    private static <T> List<T> others(List<T> all, int own) {
        List<T> others = new ArrayList<>(all);
        others.remove(own);
        return others;
    }

    private static <T> double[] each(List<T> all, ToDoubleFunction<T> number) {
        return all.stream().mapToDouble(number).toArray();
    }

    private static double[] joined(Stream<double[]> arrays) {
        return arrays.flatMapToDouble(Arrays::stream).toArray();
    }
}
