package dev.cohort.cli.view;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What one run shows about distillation, in a sentence that claims no more than was measured: the learners and their ensemble
 * against the control peer, beside what chance alone does to a test set of this size.
 */
final class Verdict {
    private Verdict() {}

    static String sentence(RunView view) {
        OptionalDouble mean = meanAccuracy(view);
        if (mean.isEmpty()) {
            return "No peer was tested, so nothing can be said about accuracy.";
        }
        OptionalDouble control = view.control().map(PeerView::testAccuracy).orElse(OptionalDouble.empty());
        if (control.isEmpty()) {
            return "There is no control peer, so this run does not show what distillation gained. Add one with control: true.";
        }
        int images = view.manifest().testLabels().size();
        double noise = chance(control.getAsDouble(), images);
        StringBuilder said =
                new StringBuilder("Against the control peer, which saw the same batches without distillation, ");
        said.append("the peers' mean is ").append(against(mean.getAsDouble() - control.getAsDouble(), noise));
        view.ensembleAccuracy()
                .ifPresent(ensemble -> said.append(" and their ensemble is ")
                        .append(against(ensemble - control.getAsDouble(), noise)));
        said.append(". On ").append(images).append(" test images, differences up to about ");
        said.append(String.format(Locale.ROOT, "%.1f points", 100 * noise));
        said.append(" can come from the choice of images alone, and one run gives no spread over seeds:");
        said.append(" repeat it with other seeds (--set run.seed=2, 3, ...) before believing a difference.");
        return said.toString();
    }

    /** Mean test accuracy of the learners that were tested. */
    static OptionalDouble meanAccuracy(RunView view) {
        List<Double> known = view.learners().stream()
                .map(PeerView::testAccuracy)
                .filter(OptionalDouble::isPresent)
                .map(OptionalDouble::getAsDouble)
                .toList();
        return known.stream().mapToDouble(Double::doubleValue).average();
    }

    /**
     * About two standard errors of the difference of two accuracies measured on {@code images} images each, as if independent;
     * both nets see the same images, so the true figure is rather smaller.
     */
    static double chance(double accuracy, int images) {
        return images == 0 ? 1 : 2 * Math.sqrt(2 * accuracy * (1 - accuracy) / images);
    }

    private static String against(double difference, double noise) {
        String size = Words.points(difference);
        if (Math.abs(difference) <= noise) {
            return size + " (within chance)";
        }
        return size + (difference > 0 ? " (better)" : " (worse)");
    }
}
