package dev.cohort.peer.external;

import dev.cohort.protocol.Images;
import dev.cohort.protocol.wire.proto.LearnerWire;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The tensors of one frame: what its header lists, and the bytes of its payload in the same order. */
record WireTensors(List<LearnerWire.TensorInfo> infos, List<ByteBuffer> bytes) {
    static final WireTensors NONE = new WireTensors(List.of(), List.of());

    WireTensors {
        infos = List.copyOf(infos);
        bytes = List.copyOf(bytes);
    }

    static WireTensors of(NamedTensors tensors) {
        List<LearnerWire.TensorInfo> infos = new ArrayList<>();
        List<ByteBuffer> bytes = new ArrayList<>();
        tensors.asMap().forEach((name, tensor) -> {
            infos.add(info(name, type(tensor.dtype()), tensor.shape()));
            bytes.add(tensor.bytes());
        });
        return new WireTensors(infos, bytes);
    }

    static WireTensors of(Images images) {
        Ints shape = Ints.of(
                images.count(),
                images.shape().height(),
                images.shape().width(),
                images.shape().channels());
        return new WireTensors(List.of(info("images", LearnerWire.DType.DTYPE_UINT8, shape)), List.of(images.pixels()));
    }

    private static LearnerWire.TensorInfo info(String name, LearnerWire.DType type, Ints shape) {
        LearnerWire.TensorInfo.Builder info =
                LearnerWire.TensorInfo.newBuilder().setName(name).setDtype(type);
        shape.stream().forEach(info::addShape);
        return info.build();
    }

    /** As named tensors. */
    NamedTensors named() throws FrameChannel.MalformedException {
        SortedMap<String, Tensor> named = new TreeMap<>();
        for (int i = 0; i < infos.size(); i++) {
            LearnerWire.TensorInfo info = infos.get(i);
            Tensor tensor = Tensor.wrap(type(info), shape(info.getShapeList()), bytes.get(i));
            if (named.put(info.getName(), tensor) != null) {
                throw new FrameChannel.MalformedException("tensor " + info.getName() + " appears twice in one frame");
            }
        }
        return NamedTensors.of(named);
    }

    /**
     * Bytes of a tensor in the payload.
     *
     * @throws FrameChannel.MalformedException when it is of no known type or larger than 2^31-1 bytes
     */
    static int size(LearnerWire.TensorInfo info) throws FrameChannel.MalformedException {
        try {
            long size = type(info).bytes();
            for (int dimension : info.getShapeList()) {
                size = Math.multiplyExact(size, Integer.toUnsignedLong(dimension));
            }
            return Math.toIntExact(size);
        } catch (ArithmeticException e) {
            throw new FrameChannel.MalformedException("tensor " + info.getName() + " of shape " + info.getShapeList()
                    + ": must have at most 2^31-1 bytes");
        }
    }

    static Ints shape(List<Integer> dimensions) {
        return Ints.of(dimensions.stream().mapToInt(Integer::intValue).toArray());
    }

    static LearnerWire.DType type(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> LearnerWire.DType.DTYPE_FLOAT16;
            case FLOAT32 -> LearnerWire.DType.DTYPE_FLOAT32;
            case FLOAT64 -> LearnerWire.DType.DTYPE_FLOAT64;
        };
    }

    private static DType type(LearnerWire.TensorInfo info) throws FrameChannel.MalformedException {
        return switch (info.getDtype()) {
            case DTYPE_FLOAT16 -> DType.FLOAT16;
            case DTYPE_FLOAT32 -> DType.FLOAT32;
            case DTYPE_FLOAT64 -> DType.FLOAT64;
            case DTYPE_UINT8, DTYPE_UNSPECIFIED, UNRECOGNIZED ->
                throw new FrameChannel.MalformedException("tensor " + info.getName() + " of type "
                        + info.getDtypeValue() + ": a learner must send FLOAT16, FLOAT32 or FLOAT64");
        };
    }
}
