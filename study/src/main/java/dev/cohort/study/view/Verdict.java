package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * States what runs show about distillation, claiming no more than was measured: learners and ensemble against the control peer,
 * compared with the spread over seeds or, for a single run, with the effect of chance on a test set of this size.
 */
final class Verdict {
    private Verdict() {}

    /** @param others gains of runs of the same experiment with other seeds */
    static String sentence(RunView view, List<Gain> others) {
        if (view.learners().stream().allMatch(p -> p.testAccuracy().isEmpty())) {
            return "No peer was tested, so no accuracy is known.";
        }
        Optional<Gain> gain = Gain.of(view);
        if (gain.isEmpty()) {
            return "There is no control peer, so this run does not show what distillation gained. Add one with control: true.";
        }
        String start = "Against the control peer, which saw the same batches without distillation, ";
        List<Gain> all = new ArrayList<>(others);
        all.add(gain.get());
        return start + (all.size() < Spread.RUNS_MIN ? ofOne(view, gain.get()) : ofSeeds(view, all));
    }

    private static String ofOne(RunView view, Gain gain) {
        int images = view.manifest().testLabels().size();
        double control = view.control()
                .map(PeerView::testAccuracy)
                .orElse(OptionalDouble.empty())
                .orElse(0.5);
        double noise = chance(control, images);
        List<String> parts = new ArrayList<>();
        gain.peers().ifPresent(d -> parts.add(alike(view) + " " + Words.points(d) + ", " + judged(d, noise, "chance")));
        gain.ensemble()
                .ifPresent(d -> parts.add("the ensemble " + Words.points(d) + ", " + judged(d, noise, "chance")));
        return String.join("; ", parts)
                + String.format(
                        Locale.ROOT,
                        ". With %d test images, differences up to about %.1f points come from the choice of images alone,"
                                + " and one run does not show how much seeds differ: run it with at least two other seeds"
                                + " (--set run.seed=2, then 3) before trusting a difference.",
                        images,
                        100 * noise);
    }

    private static String ofSeeds(RunView view, List<Gain> all) {
        List<String> parts = new ArrayList<>();
        overSeeds(all, Gain::peers).ifPresent(s -> parts.add(alike(view) + " " + s));
        overSeeds(all, Gain::ensemble).ifPresent(s -> parts.add("the ensemble " + s));
        return String.join("; ", parts) + " (mean over " + all.size()
                + " runs of this experiment with different seeds, and its 95 % confidence interval).";
    }

    private static Optional<String> overSeeds(List<Gain> all, Function<Gain, OptionalDouble> figure) {
        List<Double> values = all.stream()
                .map(figure)
                .filter(OptionalDouble::isPresent)
                .map(OptionalDouble::getAsDouble)
                .toList();
        return Spread.of(values)
                .filter(s -> s.runs() >= Spread.RUNS_MIN)
                .map(s -> s.points() + ", " + judged(s.mean(), s.half().orElse(0), "the spread over seeds"));
    }

    private static String alike(RunView view) {
        String model = view.control().map(PeerView::model).orElse("?");
        return "the peers with its model (" + model + ") reach on average";
    }

    /**
     * About two standard errors of the difference of two accuracies measured on {@code images} images each, as if independent.
     * Both networks see the same images, so the true figure is smaller.
     */
    static double chance(double accuracy, int images) {
        return images == 0 ? 1 : 2 * Math.sqrt(2 * accuracy * (1 - accuracy) / images);
    }

    private static String judged(double difference, double noise, String cause) {
        if (Math.abs(difference) <= noise) {
            return "within " + cause;
        }
        return "more than " + cause + (difference > 0 ? "" : ", for the worse");
    }
}
