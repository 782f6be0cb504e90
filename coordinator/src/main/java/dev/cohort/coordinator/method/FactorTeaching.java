package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.FactorTransfer;
import java.util.List;

/**
 * Factor transfer, and FEED, its form with several teachers in parallel: every peer learns codes of the feature maps of others. The
 * loss of {@link MapTeacher} with
 *
 * <pre>
 * d(F_i, F_j) = mean over B, K, H, W of |FT(R_ij(F_i)) - FT(P_j(F_j))|,  FT(x) = x / ||x|| per image, P_j(F_j) constant
 * </pre>
 *
 * P_j is the encoder of a {@link dev.cohort.distill.maps.Paraphraser} of teacher j, R_ij a {@link
 * dev.cohort.distill.maps.Translator} of its own for each student, teacher and map. factor_transfer takes the mean over the teachers,
 * as the other methods by feature maps do; feed takes their sum, so that a second teacher adds to the first. With one teacher they are
 * the same, and otherwise feed is factor_transfer with a weight as many times as large as there are teachers: the translators are
 * apart, and meet in F_i alone.
 *
 * <p>P_j is trained by the L1 reconstruction of F_j alone, in the same steps as the students; its loss comes to peer j as {@link
 * dev.cohort.protocol.Term.Figures}. Code and gradients are those at the parameters before the step. Of two sizes, the larger of
 * R_ij(F_i) and code is average-pooled to the smaller one.
 *
 * <p>Source: Kim, Park, Kwak, "Paraphrasing Complex Network: Network Compression via Factor Transfer", NeurIPS 2018 (arXiv
 * 1802.04977), code Jangho-Kim/Factor-Transfer-pytorch: layers, distance, K = D/2, weight 500; Park and Kwak, "FEED: Feature-level
 * Ensemble for Knowledge Distillation" (arXiv 1909.10754), whose abstract alone is known: one translator for each teacher is its own,
 * the sum is our reading. Ours: teachers that are students themselves, and so paraphrasers that are trained all along, by the
 * experiment's optimizer, where the paper trains them for five epochs before, on a teacher that stays as it is.
 */
final class FactorTeaching {
    private static final String RATE = "paraphrase_rate";
    private static final String DISTANCE =
            "mean |FT(R_ij(F_i)) - FT(P_j(F_j))|, FT(x) = x/|x| per image, R_ij a trained translator, P_j the encoder of an"
                    + " autoencoder of F_j, trained by mean |P'_j(P_j(F_j)) - F_j|";

    static final Method SINGLE = new Method(
            "factor_transfer",
            "every peer learns a code of the feature maps of the others through a translator",
            MapTeacher.FORMULA + DISTANCE,
            "Kim et al., Paraphrasing Complex Network: Network Compression via Factor Transfer, NeurIPS 2018, arXiv 1802.04977;"
                    + " several teachers, and paraphrasers trained beside the students, are ours",
            parameters(),
            (arguments, setting) -> teacher(arguments, setting, MapLessons.Over.MEAN));

    static final Method PARALLEL = new Method(
            "feed",
            "every peer learns codes of the feature maps of all others at once, each through a translator of its own",
            MapTeacher.FORMULA.replace("mean over", "sum over") + DISTANCE,
            "Park and Kwak, FEED: Feature-level Ensemble for Knowledge Distillation, arXiv 1909.10754 (abstract only; the sum over"
                    + " teachers, and paraphrasers trained beside the students, are ours)",
            parameters(),
            (arguments, setting) -> teacher(arguments, setting, MapLessons.Over.SUM));

    private FactorTeaching() {}

    private static List<MethodParameter> parameters() {
        return MapTeacher.parameters(
                "500.0",
                "default as in Jangho-Kim/Factor-Transfer-pytorch",
                new MethodParameter(
                        RATE,
                        MethodParameter.Range.PART,
                        "0.5",
                        "K/D, channels of a code as a share of those of its map; default as in Jangho-Kim/Factor-Transfer-pytorch"));
    }

    private static Teacher teacher(Arguments arguments, TeacherSetting setting, MapLessons.Over over) {
        return new MapTeacher(
                arguments,
                setting,
                new MapTeacher.Lessons(FactorTransfer::ofMaps, TrainedAdapter.Form.TRANSLATOR, over),
                (maps, teaches) -> new Paraphrasers(maps, arguments.number(RATE), teaches, setting));
    }
}
