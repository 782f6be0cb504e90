package dev.cohort.protocol;

/**
 * A peer's report of one update.
 *
 * @param step of the trained batch
 * @param crossEntropy mean over the batch, with the (soft) labels
 * @param distillation the weighted sum of the distillation terms
 * @param correct share of rows whose largest logit is the label of largest weight, 0..1
 * @param taught whether targets were used; false = labels alone
 */
public record StepReport(long step, double crossEntropy, double distillation, double correct, boolean taught) {
    public StepReport {
        Sayable.atLeast(1, step, "step of the report");
        Sayable.finite(crossEntropy, "cross-entropy");
        Sayable.finite(distillation, "distillation loss");
        Sayable.share(correct, "share of right rows");
    }
}
