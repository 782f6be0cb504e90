package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;

/** ONE's gate in PyTorch's own operators: {@code softmax(ReLU(BatchNorm(Linear(concat f_i))))}. */
record Gate(TeacherTensors tensors) {
    static final String WEIGHT = "gate.weight";
    static final String BIAS = "gate.bias";
    static final String GAMMA = "norm.gamma";
    static final String BETA = "norm.beta";
    static final String MEAN = "norm.mean";
    static final String VARIANCE = "norm.variance";
    static final List<String> PARAMETERS = List.of(WEIGHT, BIAS, GAMMA, BETA);

    /** g [B, m] in training mode; moves the running statistics. */
    NDArray forward(List<NDArray> features) {
        NDArray linear = Linear.linear(Arrays.concat(features, 1), tensors.get(WEIGHT), tensors.get(BIAS))
                .singletonOrThrow();
        NDArray normed = JniUtils.batchNorm(
                (PtNDArray) linear,
                tensors.torch(MEAN),
                tensors.torch(VARIANCE),
                tensors.torch(GAMMA),
                tensors.torch(BETA),
                true,
                0.1,
                1e-5);
        return Activation.relu(normed).softmax(1);
    }
}
