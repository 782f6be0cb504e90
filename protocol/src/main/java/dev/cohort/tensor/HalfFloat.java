package dev.cohort.tensor;

/** IEEE 754 binary16, round to nearest even. (Java has it from version 20 on.) */
final class HalfFloat {
    private HalfFloat() {}

    static short ofFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 0x47800000) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x38800000) {
            // Subnormal in binary16: scaling by 2^24 makes the unit in the last place 1, and rint rounds to even.
            return (short) (sign | (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24));
        }
        int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
        return (short) (sign | ((rounded - 0x38000000) >>> 13));
    }

    static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            float subnormal = fraction * 0x1p-24f;
            return sign == 0 ? subnormal : -subnormal;
        }
        int magnitude = exponent == 31 ? 0x7f800000 | (fraction << 13) : ((exponent + 112) << 23) | (fraction << 13);
        return Float.intBitsToFloat(sign | magnitude);
    }
}
