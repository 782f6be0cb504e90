package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import java.util.List;
import java.util.Optional;

/** All methods. A new one is one file with a {@link Method} and one line here. */
public final class MethodCatalog {
    private static final List<Method> METHODS = List.of(
            Independent.METHOD,
            LabelSmoothing.METHOD,
            Kd.CLASSIC,
            Kd.REVERSED,
            Kd.DEFECTIVE,
            Kd.SELF,
            TfkdReg.METHOD,
            Dml.METHOD,
            Majority.METHOD,
            MeanLogit.METHOD,
            One.METHOD,
            OneSharedTrunk.METHOD,
            CutnMix.METHOD,
            OnlineEnsembleCompression.METHOD,
            FitNet.METHOD,
            MutualAttention.METHOD,
            MutualSelectivity.METHOD,
            FactorTeaching.SINGLE,
            FactorTeaching.PARALLEL,
            Adaptive.METHOD,
            KdclNaive.METHOD,
            KdclLinear.METHOD,
            KdclMinLogit.METHOD,
            KdclGeneral.METHOD,
            Okddip.METHOD,
            Pairs.METHOD,
            Pcl.METHOD,
            Ffl.METHOD,
            Afd.METHOD,
            Codistillation.METHOD,
            MeanTeacher.METHOD,
            StochasticTeaching.METHOD,
            Meal.METHOD);

    private MethodCatalog() {}

    /** Every method, the simplest first. */
    public static List<Method> all() {
        return METHODS;
    }

    public static Optional<Method> find(String name) {
        return METHODS.stream().filter(method -> method.name().equals(name)).findFirst();
    }

    /**
     * The method of that name.
     *
     * @throws IllegalArgumentException if no such method exists
     */
    public static Method get(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("method " + name + ": must be one of " + names()));
    }

    /** Notes an unknown method, unknown parameters and values out of range. */
    public static void validate(Experiment.Method chosen, Problems problems, String path) {
        find(chosen.name())
                .ifPresentOrElse(
                        method -> method.validate(chosen, problems, path),
                        () -> problems.require(false, path + ".name", chosen.name(), "one of " + names()));
    }

    /** Notes likewise what is wrong with the method of an experiment, and peers that it names and the experiment does not have. */
    public static void validate(Experiment experiment, Problems problems) {
        Experiment.Method chosen = experiment.method();
        validate(chosen, problems, "method");
        String pairs = chosen.parameters().get(Pairs.PAIRS);
        if (pairs != null && chosen.name().equals(Pairs.METHOD.name())) {
            PairEntry.notePeers(pairs, experiment, problems, "method." + Pairs.PAIRS);
        }
    }

    private static String names() {
        return String.join(", ", METHODS.stream().map(Method::name).toList());
    }
}
