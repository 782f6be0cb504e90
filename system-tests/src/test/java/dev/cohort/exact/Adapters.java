package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * The adapters between the maps of students and those of their teachers, in PyTorch's own operators: a 1x1 convolution with bias,
 * or one without bias and a batch norm in training mode.
 */
record Adapters(TeacherTensors tensors) {
    /**
     * A student's map behind its adapter to the map of one teacher; the map itself where there is none.
     *
     * @param map its name
     */
    NDArray adapted(SingleProcess.Outputs outputs, int student, int teacher, String map) {
        String name = "adapter." + map.substring("map/".length()) + "." + student + ".to." + teacher + ".";
        NDArray own = outputs.map(student, map);
        if (!tensors.has(name + "weight")) {
            return own;
        }
        NDArray weight = tensors.get(name + "weight");
        Shape shape = weight.getShape();
        NDArray perChannel = own.getManager().zeros(new Shape(shape.get(0)), weight.getDataType());
        NDArray bias = tensors.has(name + "bias") ? tensors.get(name + "bias") : perChannel;
        NDArray output = Conv2d.conv2d(own, weight.reshape(shape.get(0), shape.get(1), 1, 1), bias)
                .singletonOrThrow();
        return tensors.has(name + "gamma") ? normed(output, name) : output;
    }

    private NDArray normed(NDArray input, String name) {
        PtNDArray gamma = tensors.torch(name + "gamma");
        // Nobody reads the running statistics.
        return JniUtils.batchNorm(
                (PtNDArray) input,
                (PtNDArray) input.getManager().zeros(gamma.getShape(), gamma.getDataType()),
                (PtNDArray) input.getManager().ones(gamma.getShape(), gamma.getDataType()),
                gamma,
                tensors.torch(name + "beta"),
                true,
                0.1,
                1e-5);
    }
}
