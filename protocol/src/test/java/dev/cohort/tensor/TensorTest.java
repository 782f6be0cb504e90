package dev.cohort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
    @ParameterizedTest
    @EnumSource(DType.class)
    void storesRowMajorLittleEndian(DType dtype) {
        Tensor tensor = Tensor.of(dtype, new double[] {1, -2, 0.5, 4, 5, 6}, 2, 3);

        assertThat(tensor.toDoubles()).containsExactly(1, -2, 0.5, 4, 5, 6);
        assertThat(tensor.toFloats()).containsExactly(1, -2, 0.5f, 4, 5, 6);
        assertThat(tensor.at(1)).isEqualTo(-2);
        assertThat(tensor.dimension(1)).isEqualTo(3);
        assertThat(tensor.size()).isEqualTo(6);
        assertThat(tensor.bytes().remaining()).isEqualTo(6 * dtype.bytes());
        // 1.0 has its sign and exponent in the last byte.
        assertThat(tensor.bytes().get(0)).isZero();
        assertThat(tensor.bytes().get(dtype.bytes() - 1)).isEqualTo((byte) (dtype == DType.FLOAT16 ? 0x3c : 0x3f));
    }

    /** Whole arrays, on every path, have the bits of single elements. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void readsAndWritesWholeArraysAsItDoesElements(DType dtype) {
        double[] values = new SplittableRandom(3).doubles(1000, -100, 100).toArray();
        values[0] = -0.0;
        values[1] = Double.NEGATIVE_INFINITY;
        values[2] = 1e-300;
        Tensor tensor = Tensor.of(dtype, values, 10, 100);
        ByteBuffer bytes = ByteBuffer.allocate(3 + 1000 * dtype.bytes());
        // Behind three bytes no element begins at a multiple of its size.
        bytes.position(3).put(tensor.bytes()).position(3);
        Tensor unaligned = Tensor.wrap(dtype, Ints.of(10, 100), bytes);

        double[] read = unaligned.toDoubles();
        float[] narrow = unaligned.toFloats();
        for (int i = 0; i < values.length; i++) {
            double rounded = switch (dtype) {
                case FLOAT16 -> HalfFloat.toFloat(HalfFloat.of(values[i]));
                case FLOAT32 -> (float) values[i];
                case FLOAT64 -> values[i];
            };
            assertThat(Double.doubleToRawLongBits(read[i])).isEqualTo(Double.doubleToRawLongBits(rounded));
            assertThat(Double.doubleToRawLongBits(tensor.at(i))).isEqualTo(Double.doubleToRawLongBits(rounded));
            assertThat(narrow[i]).isEqualTo((float) rounded);
        }
        assertThat(unaligned).isEqualTo(tensor);
    }

    @Test
    void wrapsAPartOfABufferWithoutCopying() {
        ByteBuffer buffer = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
        Tensor tensor =
                Tensor.wrap(DType.FLOAT32, Ints.of(2), buffer.position(8).limit(16));

        buffer.clear().putFloat(12, 7);

        assertThat(tensor.at(1)).isEqualTo(7);
        assertThat(tensor.bytes().isReadOnly()).isTrue();
    }

    @Test
    void refusesBytesThatDoNotFitTheShape() {
        assertThatThrownBy(() -> Tensor.wrap(DType.FLOAT64, Ints.of(2, 3), ByteBuffer.allocate(40)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor FLOAT64[2, 3] of 40 bytes: must be 48");
    }

    @Test
    void refusesImpossibleShapes() {
        int[][] shapes = {
            {-1}, {-2, -2}, {1 << 30, 1 << 30}, {1 << 30, 1 << 30, 1 << 30, 1 << 30}, {1 << 16, 1 << 16, 0}
        };
        for (int[] shape : shapes) {
            assertThatThrownBy(() -> Tensor.wrap(DType.FLOAT32, Ints.of(shape), ByteBuffer.allocate(0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("tensor ");
        }
    }

    @Test
    void holdsOneElementWhenItHasNoDimension() {
        assertThat(Tensor.of(DType.FLOAT32, new double[] {3}).toDoubles()).containsExactly(3);
        assertThat(Tensor.of(DType.FLOAT32, new double[0], 0, 5).size()).isZero();
    }

    @Test
    void roundsOnceWhenItIsConverted() {
        Tensor exact = Tensor.of(DType.FLOAT64, new double[] {0.1, 1 + 0x1p-11, 1 + 0x1p-10}, 3);

        assertThat(exact.as(DType.FLOAT32).toDoubles()[0]).isEqualTo(0.1f);
        assertThat(exact.as(DType.FLOAT16).toDoubles()[1]).isEqualTo(1);
        assertThat(exact.as(DType.FLOAT16).toDoubles()[2]).isEqualTo(1 + 0x1p-10);
        assertThat(exact.as(DType.FLOAT64)).isSameAs(exact);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void knowsWhetherItIsFinite(DType dtype) {
        assertThat(Tensor.of(dtype, new double[] {1, -60000}, 2).isFinite()).isTrue();
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThat(Tensor.of(dtype, new double[] {1, value}, 2).isFinite()).isFalse();
        }
    }

    @Test
    void equalsByTypeShapeAndBits() {
        Tensor tensor = Tensor.ofFloats(new float[] {1, 2}, 2);
        assertThat(tensor)
                .isEqualTo(Tensor.ofFloats(new float[] {1, 2}, 2))
                .hasSameHashCodeAs(Tensor.ofFloats(new float[] {1, 2}, 2))
                .isNotEqualTo(Tensor.ofFloats(new float[] {1, 2}, 1, 2))
                .isNotEqualTo(Tensor.ofFloats(new float[] {1, 3}, 2))
                .isNotEqualTo(tensor.as(DType.FLOAT64));
        assertThat(Tensor.ofFloats(new float[] {0f}, 1)).isNotEqualTo(Tensor.ofFloats(new float[] {-0f}, 1));
    }

    @Test
    void namesTensorsInOrder() {
        Tensor one = Tensor.ofFloats(new float[] {1}, 1);
        Map<String, Tensor> unordered = new TreeMap<>(Comparator.reverseOrder());
        unordered.put("b", one);
        unordered.put("a", one);

        NamedTensors named = NamedTensors.of(unordered);

        assertThat(named.asMap().keySet()).containsExactly("a", "b");
        assertThat(named).isEqualTo(NamedTensors.of("a", one).with("b", one));
        assertThat(named.digest())
                .isEqualTo(NamedTensors.of("a", one).with("b", one).digest());
        assertThat(named.digest())
                .isNotEqualTo(NamedTensors.of("a", one).with("c", one).digest());
        assertThat(named.find("c")).isEmpty();
        assertThatThrownBy(() -> named.get("c")).hasMessage("no tensor c: must be one of [a, b]");
    }
}
