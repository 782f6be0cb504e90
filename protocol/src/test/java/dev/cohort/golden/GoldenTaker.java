package dev.cohort.golden;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A module whose tests take golden files. A file that no module takes tests nothing, and must not look like one that passes.
 *
 * @param methods whose files it takes
 */
public record GoldenTaker(List<String> methods) {
    /** Of module protocol. */
    public static final GoldenTaker PROTOCOL = new GoldenTaker(List.of(
            "adaptive_uncertainty_layerwise",
            "adaptive_uncertainty_logits",
            "adaptive_uncertainty_maps",
            "adaptive_uncertainty_maps_adapter",
            "adaptive_uncertainty_pooled",
            "adaptive_uncertainty_pooled_adapter",
            "afd_ring",
            "afd_two",
            "attention_transfer",
            "blockwise",
            "boc_hints",
            "detection",
            "detection_ap",
            "factor_transfer",
            "feature_map_mse",
            "feed_parallel",
            "feed_translators",
            "ffl",
            "fitnet_hint",
            "majority_vote",
            "meal_discriminator",
            "nst",
            "paraphraser",
            "segmentation",
            "segmentation_miou",
            "softmax_regression",
            "spaced_loss",
            "spaced_schedule",
            "srm_codewords",
            "srm_labels",
            "srm_student",
            "topk_tail",
            "udml"));

    /** Of module coordinator. */
    public static final GoldenTaker COORDINATOR = new GoldenTaker(List.of(
            "cutnmix",
            "dml_T1",
            "dml_T3",
            "independent",
            "kd",
            "kdcl_general",
            "kdcl_linear",
            "kdcl_minlogit",
            "kdcl_naive",
            "label_smoothing",
            "meal_similarity",
            "mean_logit",
            "mean_logit_leave_one_out",
            "okddip",
            "one",
            "online_ensemble_compression",
            "path_weights",
            "pcl",
            "schedules",
            "stochastic_teaching",
            "tfkd_reg"));

    /** Of module augment-service. */
    public static final GoldenTaker AUGMENT_SERVICE = new GoldenTaker(List.of("cutmix_geometry"));

    /** Of module study. */
    public static final GoldenTaker STUDY = new GoldenTaker(List.of("ensemble_dynamics"));

    /** All modules that take any. */
    public static final List<GoldenTaker> ALL = List.of(PROTOCOL, COORDINATOR, AUGMENT_SERVICE, STUDY);

    public GoldenTaker {
        methods = List.copyOf(methods);
    }

    /** The methods, in the order of the alphabet. */
    public Set<String> sortedMethods() {
        return new TreeSet<>(methods);
    }

    /** The files that no module takes, with what they say of their method. */
    public static List<String> untaken(List<GoldenFile> files) {
        return files.stream()
                .filter(file -> ALL.stream().noneMatch(taker -> taker.methods.contains(file.method())))
                .map(file -> file + " of method '" + file.method() + "'")
                .toList();
    }
}
