package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.cohort.distill.Objective;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class BranchedTest {
    private static final int C = Samples.CLASSES;
    private static final int M = 3;
    private static final int ROWS = 6;
    private static final double WEIGHT = 0.55;
    private static final double TEMPERATURE = 3;
    private static final Images IMAGES = Samples.images(1, ROWS, Samples.SMALL);
    private static final SoftLabels LABELS =
            new SoftLabels(C, List.of(Ints.of(0, 1, 2, 0, 1, 2), Ints.of(2, 2, 1, 0, 0, 1)), List.of(0.75, 0.25));
    private static final OwnTeacher BRANCHES = new OwnTeacher.Branches(M);

    private static Learner learner(DType dtype) {
        return ModelCatalog.create(Samples.small(dtype), BRANCHES);
    }

    private static Objective.Result objective(Outputs outputs) {
        return Objective.of(
                LABELS,
                0,
                List.of(new Term.OwnBranches("branches", WEIGHT, TEMPERATURE)),
                NamedTensors.of(TensorName.LOGITS, outputs.logits()).with(TensorName.FEATURES, outputs.features()),
                NamedTensors.of(TensorName.BRANCHES, outputs.branches().orElseThrow()),
                Optional.empty(),
                outputs.logits().dtype());
    }

    private static void backward(Learner learner, ForwardPass pass) {
        Objective.Result result = objective(pass.outputs());
        learner.backward(pass, result.gradients());
    }

    /** The gradients of the whole loss as one graph of PyTorch, from the images to the sum of its parts. */
    private static NamedTensors wholeGraph() {
        LearnerSetting setting = Samples.small(DType.FLOAT64);
        try (NDManager manager = TorchEngine.start().newManager(DeviceChoice.parse("cpu"))) {
            JniUtils.setGradMode(false);
            Student student = Student.of(setting, manager, M);
            ImageInput input = new ImageInput(setting.image(), setting.normalisation(), setting.dtype());
            ByteBuffer values = input.fill(input.newBuffer(ROWS), IMAGES, 0, ROWS);
            // Java numbers, copied into PyTorch's memory because autograd keeps them.
            NDArray y = manager.create(LABELS.dense(), new ai.djl.ndarray.types.Shape(ROWS, C))
                    .duplicate();
            NDArray temperature = number(manager, TEMPERATURE);
            NDArray scale = number(manager, WEIGHT * TEMPERATURE * TEMPERATURE / ROWS);
            NDArray share = number(manager, 1.0 / ROWS);
            student.trainedParameters().values().forEach(p -> p.getArray().setRequiresGradient(true));
            JniUtils.setGradMode(true);
            NDArray packed = student.forward(
                            new PassWeights(manager), new NDList(input.view(manager, values, ROWS)), true)
                    .get(2);
            NDArray gates = packed.get(new NDIndex(":," + M * C + ":" + M * (C + 1)));
            NDArray ensemble = manager.zeros(y.getShape(), DataType.FLOAT64);
            for (int k = 0; k < M; k++) {
                ensemble = ensemble.add(
                        gates.get(new NDIndex(":," + k + ":" + (k + 1))).mul(branch(packed, k)));
            }
            NDArray loss = crossEntropy(ensemble, y, share);
            NDArray target = ensemble.div(temperature).logSoftmax(1).stopGradient();
            for (int k = 0; k < M; k++) {
                NDArray tempered = branch(packed, k).div(temperature).logSoftmax(1);
                NDArray divergence =
                        target.exp().mul(target.sub(tempered)).sum().mul(scale);
                loss = loss.add(crossEntropy(branch(packed, k), y, share)).add(divergence);
            }
            JniUtils.backward(
                    (PtNDArray) loss, (PtNDArray) manager.ones(loss.getShape(), DataType.FLOAT64), false, false);
            JniUtils.setGradMode(false);
            return student.gradients();
        }
    }

    private static NDArray number(NDManager manager, double value) {
        return manager.create(value).duplicate();
    }

    private static NDArray branch(NDArray packed, int k) {
        return packed.get(new NDIndex(":," + k * C + ":" + (k + 1) * C));
    }

    private static NDArray crossEntropy(NDArray logits, NDArray y, NDArray share) {
        return logits.logSoftmax(1).mul(y).sum().mul(share).neg();
    }

    @Test
    void everyWeightHasTheGradientOfTheWholeLossAsOneGraph() {
        NamedTensors whole = wholeGraph();
        try (DjlLearner learner = (DjlLearner) learner(DType.FLOAT64)) {
            backward(learner, learner.forward(IMAGES));
            NamedTensors split = learner.gradients();

            assertThat(split.asMap().keySet()).isEqualTo(whole.asMap().keySet());
            whole.asMap().forEach((name, must) -> {
                double largest = 0;
                double worst = 0;
                for (int i = 0; i < must.size(); i++) {
                    largest = Math.max(largest, Math.abs(must.at(i)));
                    worst = Math.max(
                            worst, Math.abs(must.at(i) - split.get(name).at(i)));
                }
                assertThat(worst).as(name).isLessThan(1e-9 * largest + 1e-12);
            });
            assertThat(split.get("gate.linear.bias").toDoubles())
                    .as("batch norm follows it")
                    .containsOnly(new double[] {0}, within(1e-12));
            assertThat(DoubleStream.of(split.get("gate.linear.weight").toDoubles()))
                    .anyMatch(g -> Math.abs(g) > 1e-6);
        }
    }

    @Test
    void theFirstBranchIsTheNetworkWithoutBranches() {
        try (Learner branched = learner(DType.FLOAT32);
                Learner plain = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            NamedTensors all = branched.snapshot();
            plain.snapshot()
                    .asMap()
                    .forEach(
                            (name, tensor) -> assertThat(all.get(name)).as(name).isEqualTo(tensor));
            assertThat(branched.infer(IMAGES).logits())
                    .isEqualTo(plain.infer(IMAGES).logits());
            assertThat(all.get("branch2.fc.weight")).isNotEqualTo(all.get("fc.weight"));
        }
    }

    @Test
    void hasSeveralCopiesOfTheHighLayersAndAGate() {
        // layer3: convolutions 32 x 64 and 64 x 64 with their batch norms; the linear layer; the gate with its batch
        // norm.
        int high = 9 * 32 * 64 + 9 * 64 * 64 + 4 * 64 + 64 * C + C;
        int gate = 32 * M + M + 2 * M;
        try (DjlLearner branched = (DjlLearner) learner(DType.FLOAT32);
                DjlLearner plain = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            assertThat(trained(branched)).isEqualTo(trained(plain) + (M - 1) * high + gate);
        }
    }

    private static int trained(DjlLearner learner) {
        return learner.snapshot().asMap().entrySet().stream()
                .filter(e -> e.getKey().startsWith(Sgd.MOMENTUM))
                .mapToInt(e -> e.getValue().size())
                .sum();
    }

    @Test
    void itsOwnTeacherIsTheGatedEnsembleOfItsBranches() {
        try (Learner learner = learner(DType.FLOAT64)) {
            for (Outputs outputs :
                    List.of(learner.infer(IMAGES), learner.forward(IMAGES).outputs())) {
                Tensor packed = outputs.branches().orElseThrow();
                Tensor ensemble = outputs.ownTeacher().orElseThrow();
                for (int row = 0; row < ROWS; row++) {
                    double sum = 0;
                    for (int k = 0; k < M; k++) {
                        double gate = packed.at(row * M * (C + 1) + M * C + k);
                        assertThat(gate).isBetween(0.0, 1.0);
                        sum += gate;
                    }
                    assertThat(sum).isCloseTo(1, within(1e-12));
                    for (int c = 0; c < C; c++) {
                        double z = 0;
                        for (int k = 0; k < M; k++) {
                            z += packed.at(row * M * (C + 1) + M * C + k) * packed.at(row * M * (C + 1) + k * C + c);
                        }
                        assertThat(ensemble.at(row * C + c)).isCloseTo(z, within(1e-12));
                        assertThat(packed.at(row * M * (C + 1) + c))
                                .isEqualTo(outputs.logits().at(row * C + c));
                    }
                }
            }
        }
    }

    @Test
    void continuesBitForBitFromASnapshot() {
        try (Learner one = learner(DType.FLOAT32);
                Learner other = learner(DType.FLOAT32)) {
            step(one);
            other.restore(one.snapshot());
            step(one);
            step(other);
            assertThat(other.weights()).isEqualTo(one.weights());
            assertThat(other.snapshot()).isEqualTo(one.snapshot());
        }
    }

    private static void step(Learner learner) {
        backward(learner, learner.forward(IMAGES));
        learner.update(0.1);
    }

    @Test
    void learnsFromItsLabels() {
        try (Learner learner = learner(DType.FLOAT32)) {
            double before = objective(learner.forward(IMAGES).outputs()).crossEntropy();
            for (int i = 0; i < 30; i++) {
                step(learner);
            }
            assertThat(objective(learner.forward(IMAGES).outputs()).crossEntropy())
                    .isLessThan(before);
        }
    }

    @Test
    void refusesBranchesOfOtherNetworks() {
        LearnerSetting vgg = Samples.setting("vgg16", Samples.SMALL, C, DType.FLOAT32);
        assertThatThrownBy(() -> ModelCatalog.create(vgg, BRANCHES))
                .hasMessage("model vgg16: must be a resnet to have 3 branches");
        try (Learner plain = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            Tensor gradient = Samples.numbers(1, 1, ROWS, M * (C + 1));
            ForwardPass pass = plain.forward(IMAGES);
            assertThatThrownBy(() -> plain.backward(
                            pass,
                            NamedTensors.of(TensorName.LOGITS, pass.outputs().logits())
                                    .with(TensorName.BRANCHES, gradient)))
                    .hasMessage("gradients of [branches, logits]: this student outputs [logits, features]");
        }
    }
}
