package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What all peers minimise together.
 *
 * @param name in the product's catalogue
 * @param parameters all that the loss needs, as an experiment states them
 */
record Method(String name, Map<String, String> parameters, WholeLoss.Formulation written) {
    private static final String BY_LOGITS = "temperature=3 weight=1 ramp_up_epochs=3";
    private static final String ON_MAPS = "maps=stage2,stage3 ramp_up_epochs=3 ";
    private static final String ADAPTIVE =
            "temperature=3 alpha=0.5 logits=true maps=stage2,stage3 map_paths=nst,attention_transfer,feature_map";
    private static final String COMPRESSION = "temperature=2 weight=0.15 ramp_up_epochs=3 label_weight=0.7"
            + " hint_weight=0.15 maps=stage1,stage2,stage3";

    private static final String PAIRS = "all logits dml 1.0; p1+p2 logits kl 0.8; p1+p3 features l2 0.5;"
            + " p3+p1 map/stage2 l2 0.7; all map/last at 50";

    Method {
        parameters = Map.copyOf(parameters);
    }

    /**
     * The parameters of the tests. The weights of losses on maps are moderate, so that training stays stable.
     *
     * @param variant name of a method, or {@code nst-mmd}
     */
    static Method of(String variant) {
        return switch (variant) {
            case "adaptive" -> printed(variant, ADAPTIVE);
            case "fitnet" -> printed(variant, ON_MAPS + "weight=2");
            case "attention_transfer" -> printed(variant, ON_MAPS + "weight=100");
            case "nst" -> printed(variant, ON_MAPS + "weight=10 kernel=gram");
            case "nst-mmd" -> printed("nst", ON_MAPS + "weight=50 kernel=mmd");
            case "online_ensemble_compression" -> printed(variant, COMPRESSION);
            case "pairs" -> printed(variant, BY_LOGITS).with("pairs", PAIRS);
            default -> printed(variant, BY_LOGITS);
        };
    }

    private static Method printed(String name, String parameters) {
        SortedMap<String, String> byName = new TreeMap<>();
        for (String parameter : parameters.split(" ", -1)) {
            byName.put(parameter.substring(0, parameter.indexOf('=')), parameter.substring(parameter.indexOf('=') + 1));
        }
        return new Method(name, byName, WholeLoss.Formulation.PRINTED);
    }

    private Method with(String parameter, String value) {
        SortedMap<String, String> more = new TreeMap<>(parameters);
        more.put(parameter, value);
        return new Method(name, more, written);
    }

    /** The same method, its loss written in another way. */
    Method written(WholeLoss.Formulation other) {
        return new Method(name, parameters, other);
    }

    double temperature() {
        return number("temperature");
    }

    /** R of the weight's ramp-up, 0 = none. */
    double rampUpEpochs() {
        return number("ramp_up_epochs");
    }

    private double number(String parameter) {
        return Double.parseDouble(word(parameter));
    }

    private String word(String parameter) {
        return Optional.ofNullable(parameters.get(parameter))
                .orElseThrow(() -> new IllegalArgumentException(
                        name + " without " + parameter + ": there are " + parameters.keySet()));
    }

    /** {@code weight exp(-5 (1 - min(e, R)/R)^2)}. */
    double weightAt(int epoch) {
        double rest = rampUpEpochs() == 0 ? 0 : 1 - Math.min(epoch, rampUpEpochs()) / rampUpEpochs();
        return number("weight") * Math.exp(-5 * rest * rest);
    }

    /** The learning rate of what the teacher trains, by that of the students; 0 leaves momentum and weights alone. */
    double teacherRateAt(int epoch) {
        if (name.equals("online_ensemble_compression")) {
            return epoch == 0 ? 0 : 0.5;
        }
        return 1;
    }

    /**
     * The whole loss of one batch.
     *
     * @param labels y [B, C]; its manager stays open until after the backward pass
     */
    NDArray loss(SingleProcess.Outputs outputs, NDArray labels, int epoch, TeacherTensors teacher) {
        WholeLoss loss = new WholeLoss(written, labels);
        List<NDArray> logits = outputs.logits();
        return switch (name) {
            case "dml" -> loss.dml(logits, temperature(), weightAt(epoch));
            case "one" ->
                loss.one(logits, new Gate(teacher).forward(outputs.features()), temperature(), weightAt(epoch));
            case "ffl" ->
                loss.ffl(logits, new Fusion(teacher).forward(outputs.map("map/last")), temperature(), weightAt(epoch));
            case "adaptive" -> new AdaptiveLoss(loss, teacher, temperature(), number("alpha"), maps(), outputs).total();
            case "fitnet" -> onMaps(loss, outputs, teacher).taughtByOthers(MapDistance.SQUARED_ERROR, weightAt(epoch));
            case "attention_transfer" ->
                onMaps(loss, outputs, teacher).taughtByOthers(MapDistance.ATTENTION_TRANSFER, weightAt(epoch));
            case "nst" ->
                onMaps(loss, outputs, teacher)
                        .taughtByOthers(
                                word("kernel").equals("mmd") ? MapDistance.NST_MMD : MapDistance.NST, weightAt(epoch));
            case "online_ensemble_compression" ->
                onMaps(loss, outputs, teacher)
                        .compression(number("label_weight"), temperature(), weightAt(epoch), number("hint_weight"));
            case "pairs" -> new PairsLoss(loss, word("pairs"), temperature(), outputs).total(weightAt(epoch));
            default -> throw new IllegalArgumentException("method " + name + ": no whole loss is written down");
        };
    }

    private LossOnMaps onMaps(WholeLoss loss, SingleProcess.Outputs outputs, TeacherTensors teacher) {
        return new LossOnMaps(loss, new Adapters(teacher), maps(), outputs);
    }

    private List<String> maps() {
        return Stream.of(word("maps").split(",", -1)).map(map -> "map/" + map).toList();
    }
}
