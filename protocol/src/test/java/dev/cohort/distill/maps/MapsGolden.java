package dev.cohort.distill.maps;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Losses between maps against golden values. */
public final class MapsGolden {
    private MapsGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("attention_transfer", MapsGolden::attentionTransfer);
        checks.put("nst", MapsGolden::neuronSelectivity);
        checks.put("feature_map_mse", MapsGolden::featureMap);
        checks.put("softmax_regression", MapsGolden::softmaxRegression);
        checks.put("fitnet_hint", MapsGolden::hint);
        checks.put("feed_parallel", MapsGolden::parallelFeed);
        return checks;
    }

    static FeatureMap map(JsonNode node) {
        return FeatureMap.of(GoldenFile.tensor(node));
    }

    private static void attentionTransfer(GoldenFile file) {
        FeatureMap teacher = map(file.input("teacher"));
        FeatureMap student = map(file.input("student"));
        assertThat(file.hyper("eps")).isEqualTo(AttentionTransfer.EPSILON);
        MapLoss loss = AttentionTransfer.loss(student, teacher);
        MapLoss large = AttentionTransfer.loss(map(file.input("student_large")), teacher);

        file.compare("attention_student", AttentionTransfer.attention(student).toDoubles());
        file.compare("attention_teacher", AttentionTransfer.attention(teacher).toDoubles());
        file.compare("loss", loss.loss());
        file.compare("grad_student", loss.gradient().toDoubles());
        file.compare("loss_large", large.loss());
        file.compare("grad_student_large", large.gradient().toDoubles());
    }

    private static void neuronSelectivity(GoldenFile file) {
        FeatureMap student = map(file.input("student"));
        FeatureMap teacher = map(file.input("teacher"));
        MapLoss gram = NeuronSelectivity.gramLoss(student, teacher);
        MapLoss mmd = NeuronSelectivity.mmdLoss(student, map(file.input("teacher_wide")));

        file.compare("gram_student", NeuronSelectivity.gram(student).toDoubles());
        file.compare("gram_teacher", NeuronSelectivity.gram(teacher).toDoubles());
        file.compare("loss_gram", gram.loss());
        file.compare("grad_student_gram", gram.gradient().toDoubles());
        file.compare("loss_mmd", mmd.loss());
        file.compare("grad_student_mmd", mmd.gradient().toDoubles());
        file.compare(
                "loss_mmd_same", NeuronSelectivity.mmdLoss(student, teacher).loss());
    }

    private static void featureMap(GoldenFile file) {
        FeatureMap student = map(file.input("student"));
        FeatureMap teacher = map(file.input("teacher"));
        FeatureMap pooled = AveragePooling.pool(student);
        MapLoss loss = SquaredError.ofPooled(student, teacher);

        file.compare("pooled_student", pooled.toDoubles());
        file.compare("pooled_teacher", AveragePooling.pool(teacher).toDoubles());
        file.compare("loss", loss.loss());
        file.compare("grad_student", loss.gradient().toDoubles());
        file.compare(
                "grad_pooled", SquaredError.ofPooled(pooled, teacher).gradient().toDoubles());
    }

    private static void softmaxRegression(GoldenFile file) {
        FeatureMap student = map(file.input("f"));
        TeacherHead head = new TeacherHead(
                GoldenFile.tensor(file.input("head_weight")), GoldenFile.tensor(file.input("head_bias")));
        Tensor teacherLogits = head.logits(map(file.input("teacher_f")));
        MapLoss loss = head.loss(student, teacherLogits);

        file.compare("teacher_logits", teacherLogits.toDoubles());
        file.compare("cross_logits", head.logits(student).toDoubles());
        file.compare("loss", loss.loss());
        file.compare("grad_f", loss.gradient().toDoubles());
    }

    private static void hint(GoldenFile file) {
        Adapter adapter =
                new HintAdapter(NamedTensors.of(Adapter.WEIGHT, GoldenFile.tensor(file.input("adapter_weight")))
                        .with(HintAdapter.BIAS, GoldenFile.tensor(file.input("adapter_bias"))));
        Adapter.Pass pass = adapter.forward(map(file.input("student")));
        MapLoss loss = SquaredError.ofMaps(pass.output(), map(file.input("teacher")));
        Adapter.Gradients gradients = pass.backward(loss.gradient());

        file.compare("hint", pass.output().toDoubles());
        file.compare("loss", loss.loss());
        file.compare("grad_student", gradients.input().toDoubles());
        file.compare(
                "grad_adapter_weight",
                gradients.parameters().get(Adapter.WEIGHT).toDoubles());
        file.compare(
                "grad_adapter_bias",
                gradients.parameters().get(HintAdapter.BIAS).toDoubles());
    }

    private static void parallelFeed(GoldenFile file) {
        double beta = file.hyper("beta");
        JsonNode codes = file.input("codes");
        double loss = 0;
        double[] gradient = new double[GoldenFile.numbers(file.input("translated")).length];
        for (int t = 0; t < codes.size(); t++) {
            MapLoss one = FactorTransfer.distance(map(file.input("translated").get(t)), map(codes.get(t)));
            loss += beta * one.loss();
            double[] own = one.gradient().toDoubles();
            for (int i = 0; i < own.length; i++) {
                gradient[t * own.length + i] = beta * own[i];
            }
        }
        file.compare("loss", loss);
        file.compare("grad_translated", gradient);
    }
}
