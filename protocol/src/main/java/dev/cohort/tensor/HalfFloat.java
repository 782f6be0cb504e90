package dev.cohort.tensor;

/** IEEE 754 binary16, round to nearest even. (Java has it from version 20 on.) */
final class HalfFloat {
    /** Halfway between the largest half and the next power of two: from here on, values round to infinity. */
    private static final double LARGEST_MIDDLE = 65_520;
    /** Exponent of the smallest normal number. */
    private static final int EXPONENT_MIN = -14;

    private HalfFloat() {}

    /** {@code value} rounded once. Going through a float would round twice and could get a tie wrong. */
    static short of(double value) {
        int sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000 : 0;
        double magnitude = Math.abs(value);
        if (Double.isNaN(magnitude)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= LARGEST_MIDDLE) {
            return (short) (sign | 0x7c00);
        }
        // Scaling by a power of two makes the unit in the last place 1, and rint rounds to even. Below the smallest
        // normal number the unit is constant. A significand rounded up to 2,048 carries into the exponent, as it must.
        int exponent = Math.max(EXPONENT_MIN, Math.getExponent(magnitude));
        int significand = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
        return (short) (sign | (((exponent - EXPONENT_MIN) << 10) + significand));
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
