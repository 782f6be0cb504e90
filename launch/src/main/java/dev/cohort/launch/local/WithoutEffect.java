package dev.cohort.launch.local;

import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds valid settings that have no effect because of another one, of which the user may expect an effect. */
final class WithoutEffect {
    private static final Experiment.Mix PLAIN = new Experiment.Mix(Experiment.Mix.Mixing.NONE, 1, 0.5, 2);
    private static final double GAMMA = 0.1;
    private static final int QUORUM = 2;

    private final List<String> notes = new ArrayList<>();

    private WithoutEffect() {}

    /** A line for each, without settings that have their default. */
    static List<String> notes(Experiment experiment, ImageShape image) {
        WithoutEffect found = new WithoutEffect();
        found.mix(experiment.mix());
        found.schedule(experiment.optimizer().schedule());
        found.pace(experiment);
        found.tensors(experiment);
        found.crop(experiment.augment().cropPadding(), image);
        return List.copyOf(found.notes);
    }

    private void mix(Experiment.Mix mix) {
        boolean none = mix.kind() == Experiment.Mix.Mixing.NONE;
        note(none && mix.alpha() != PLAIN.alpha(), "mix.alpha", mix.alpha(), "mix.kind is none");
        note(
                none && mix.probability() != PLAIN.probability(),
                "mix.probability",
                mix.probability(),
                "mix.kind is none");
        note(
                mix.kind() != Experiment.Mix.Mixing.CUTMIX_MULTI && mix.n() != PLAIN.n(),
                "mix.n",
                mix.n(),
                "mix.kind is not cutmix_multi");
    }

    private void crop(int padding, ImageShape image) {
        int side = Math.min(image.height(), image.width());
        if (padding >= side) {
            notes.add("augment.crop_padding=" + padding + " is not below the shorter side of an image, " + side
                    + ": some crops show nothing of the image");
        }
    }

    private void schedule(Experiment.Schedule schedule) {
        boolean steps = schedule.kind() == Experiment.Schedule.Shape.STEP;
        String because = "optimizer.schedule.kind is not step";
        note(
                !steps && !schedule.milestones().isEmpty(),
                "optimizer.schedule.milestones",
                schedule.milestones(),
                because);
        note(!steps && schedule.gamma() != GAMMA, "optimizer.schedule.gamma", schedule.gamma(), because);
    }

    private void pace(Experiment experiment) {
        Experiment.Pace pace = experiment.pace();
        note(
                pace.completion() == Experiment.Pace.Completion.ALL && pace.quorum() != QUORUM,
                "pace.quorum",
                pace.quorum(),
                "pace.completion is all");
        Experiment.Elastic.Lag lag = experiment.elastic().lag();
        note(
                lag.maxSteps() == 0 && lag.policy() == Experiment.Elastic.OnLag.EXCLUDE,
                "elastic.on_lag",
                "exclude",
                "elastic.lag_max_steps is 0, so a contributor may lag without limit");
        int contributors = experiment.contributors().size();
        if (experiment.elastic().min() > contributors) {
            notes.add("elastic.min is " + experiment.elastic().min() + " and the experiment names " + contributors
                    + " contributors: the run waits until others join");
        }
    }

    private void tensors(Experiment experiment) {
        Optional<Method> method = MethodCatalog.find(experiment.method().name());
        boolean features = experiment.recording().features() == Experiment.Recording.Features.ALWAYS
                || method.filter(m -> m.reads().contains(TensorName.FEATURES)).isPresent();
        note(
                !features && experiment.wire().features() != DType.FLOAT32,
                "wire.features",
                "fp" + 8 * experiment.wire().features().bytes(),
                "method " + experiment.method().name() + " reads no features");
        boolean validation =
                method.filter(m -> m.reads().contains(TensorName.VALIDATION)).isPresent();
        double share = experiment.data().validation().orElse(0);
        if (!validation && share > 0) {
            notes.add("data.validation=" + share + " holds out images without use, since method "
                    + experiment.method().name() + " does not read predictions of them");
        }
    }

    private void note(boolean idle, String key, Object value, String because) {
        if (idle) {
            notes.add(key + "=" + value + " has no effect, since " + because);
        }
    }
}
