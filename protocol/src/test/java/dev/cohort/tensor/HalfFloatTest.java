package dev.cohort.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfFloatTest {
    @Test
    void keepsEveryHalf() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            short half = (short) bits;
            float value = HalfFloat.toFloat(half);
            if (Float.isNaN(value)) {
                assertThat(bits & 0x7c00).isEqualTo(0x7c00);
                assertThat(bits & 0x3ff).isNotZero();
                assertThat(HalfFloat.toFloat(HalfFloat.of(value))).isNaN();
            } else {
                assertThat(HalfFloat.of(value)).isEqualTo(half);
            }
        }
    }

    @Test
    void isOrderedLikeItsBits() {
        for (int bits = 0; bits < 0x7c00; bits++) {
            assertThat(HalfFloat.toFloat((short) bits)).isLessThan(HalfFloat.toFloat((short) (bits + 1)));
            assertThat(HalfFloat.toFloat((short) (bits | 0x8000))).isEqualTo(-HalfFloat.toFloat((short) bits));
        }
    }

    @Test
    void roundsTheMiddleBetweenTwoHalvesToTheEvenOne() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            double low = HalfFloat.toFloat((short) bits);
            double high = HalfFloat.toFloat((short) (bits + 1));
            // Exact: both have at most 11 significant bits.
            double middle = (low + high) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            assertThat(HalfFloat.of(middle)).isEqualTo((short) even);
            assertThat(HalfFloat.of(-middle)).isEqualTo((short) (even | 0x8000));
            assertThat(HalfFloat.of(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(HalfFloat.of(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0x3c00",
        "-2, 0xc000",
        "65504, 0x7bff",
        "65519.996, 0x7bff",
        "65520, 0x7c00",
        "65519.99999999999, 0x7bff",
        "1.7e308, 0x7c00",
        "-1e9, 0xfc00",
        "6.1035156e-5, 0x0400",
        "5.9604645e-8, 0x0001",
        "2.9802322e-8, 0x0000",
        "2.9802326e-8, 0x0001",
        "1.00048828125, 0x3c00",
        "1.0004882812500002, 0x3c01",
        "4.9e-324, 0x0000",
        "1e-30, 0x0000",
        "0.33325195, 0x3555",
        "-0.0, 0x8000"
    })
    void agreesWithTheTableOfTheStandard(double value, String bits) {
        assertThat(HalfFloat.of(value)).isEqualTo(Integer.decode(bits).shortValue());
    }

    @Test
    void keepsInfinityAndNaN() {
        assertThat(HalfFloat.of(Float.POSITIVE_INFINITY)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloat.of(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
        assertThat(HalfFloat.toFloat(HalfFloat.of(Float.NaN))).isNaN();
        assertThat(HalfFloat.toFloat((short) 0x7c00)).isInfinite();
    }
}
