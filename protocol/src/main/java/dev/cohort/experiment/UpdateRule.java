package dev.cohort.experiment;

/** How a gradient g and the learning rate r change a weight w with weight decay d, each as PyTorch does it. */
public sealed interface UpdateRule {
    /** The name of the rule in experiment files and messages. */
    String word();

    /**
     * Stochastic gradient descent: {@code v = momentum v + g + d w}, {@code w -= r v}; with nesterov {@code w -= r (g + d w +
     * momentum v)}.
     *
     * @param momentum 0 to below 1
     * @param nesterov needs momentum
     */
    record Sgd(double momentum, boolean nesterov) implements UpdateRule {
        /** Without momentum. */
        public static final Sgd PLAIN = new Sgd(0, false);

        public Sgd {
            if (!(momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException("momentum " + momentum + ": must be from 0 to below 1");
            }
            if (nesterov && momentum == 0) {
                throw new IllegalArgumentException("nesterov with momentum 0: must have a momentum above 0");
            }
        }

        @Override
        public String word() {
            return "sgd";
        }
    }

    /**
     * Adam with decoupled weight decay, at update t from 1:
     *
     * <pre>
     * w -= r d w
     * m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
     * w -= r / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
     * </pre>
     *
     * <p>Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv 1711.05101).
     *
     * @param beta1 0 to below 1
     * @param beta2 0 to below 1
     * @param epsilon above 0
     */
    record AdamW(double beta1, double beta2, double epsilon) implements UpdateRule {
        public AdamW {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
                throw new IllegalArgumentException("adamw with beta1 " + beta1 + ", beta2 " + beta2 + ", epsilon "
                        + epsilon + ": the betas must be from 0 to below 1, and epsilon above 0");
            }
        }

        @Override
        public String word() {
            return "adamw";
        }
    }
}
