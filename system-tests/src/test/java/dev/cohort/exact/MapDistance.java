package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.pooling.Pool;

/**
 * Distances between two feature maps [B, C, H, W], of one size, as their papers and public codes print them:
 *
 * <pre>
 * NST                 mean over B, C, C of (u u^T - v v^T)^2,  u = F / |F| channel by channel over the positions, v likewise
 * NST_MMD             mean over B of mean (v_c.v_d)^2 + mean (u_c.u_d)^2 - 2 mean (u_c.v_d)^2, means over pairs of channels
 * ATTENTION_TRANSFER  mean over B, HW of (A_s - A_t)^2,  A = a / (|a| + 1e-6),  a = sum over channels of F^2
 * FEATURE_MAP         mean over B, C of (f_s - f_t)^2,  f = mean over positions of F
 * SQUARED_ERROR       mean over B, C, H, W of (F_s - F_t)^2
 * </pre>
 */
enum MapDistance {
    NST {
        @Override
        NDArray of(NDArray student, NDArray teacher) {
            return squaredError(gram(student), gram(teacher));
        }
    },
    NST_MMD {
        @Override
        NDArray of(NDArray student, NDArray teacher) {
            NDArray u = unit(byPosition(student));
            NDArray v = unit(byPosition(teacher));
            NDArray between = similarity(u, v);
            return similarity(v, v).add(similarity(u, u)).sub(between).sub(between);
        }
    },
    ATTENTION_TRANSFER {
        @Override
        NDArray of(NDArray student, NDArray teacher) {
            return squaredError(attention(student), attention(teacher));
        }
    },
    FEATURE_MAP {
        @Override
        NDArray of(NDArray student, NDArray teacher) {
            return squaredError(Pool.globalAvgPool2d(student), Pool.globalAvgPool2d(teacher));
        }
    },
    SQUARED_ERROR {
        @Override
        NDArray of(NDArray student, NDArray teacher) {
            return squaredError(student, teacher);
        }
    };

    /** Differentiable in both. */
    abstract NDArray of(NDArray student, NDArray teacher);

    static NDArray squaredError(NDArray one, NDArray other) {
        NDArray difference = one.sub(other);
        return difference.mul(difference).mean();
    }

    private static NDArray gram(NDArray map) {
        NDArray unit = unit(byPosition(map));
        return unit.matMul(unit.transpose(0, 2, 1));
    }

    /** The mean of the squared inner products of all pairs of channels, over the batch. */
    private static NDArray similarity(NDArray u, NDArray v) {
        NDArray products = u.matMul(v.transpose(0, 2, 1));
        return products.mul(products).mean();
    }

    /** Rows of length 1. A row of zeros stays one, and no gradient passes it: it has no direction. */
    static NDArray unit(NDArray rows) {
        int last = rows.getShape().dimension() - 1;
        NDArray squares = rows.mul(rows).sum(new int[] {last}, true);
        NDArray isZero = squares.stopGradient().eq(0).toType(rows.getDataType(), false);
        return rows.mul(isZero.neg().add(1)).div(squares.add(isZero).sqrt());
    }

    private static NDArray attention(NDArray map) {
        NDArray values = byPosition(map);
        NDArray energy = values.mul(values).sum(new int[] {1});
        NDArray length = energy.mul(energy).sum(new int[] {1}, true).sqrt();
        return energy.div(length.add(1e-6));
    }

    /** [B, C, HW]. */
    private static NDArray byPosition(NDArray map) {
        Shape shape = map.getShape();
        return map.reshape(shape.get(0), shape.get(1), shape.get(2) * shape.get(3));
    }
}
