package dev.cohort.study.tables;

import static dev.cohort.study.tables.Column.flag;
import static dev.cohort.study.tables.Column.number;
import static dev.cohort.study.tables.Column.real;
import static dev.cohort.study.tables.Column.text;

import java.util.List;

/** All tables of a run. */
public final class Schema {
    private static final String SHARE = "0..1";
    private static final String NATS = "nats";
    private static final String MS = "ms";
    private static final String IMAGES = "images";
    private static final String BYTES = "bytes";
    private static final String STEP = "of the batch, from 1";
    private static final String PART = "of the batch, from 0; always 0 while batches are not cut";
    private static final String EPOCH = "from 0";
    private static final String TESTED = "after which the peers were tested";
    private static final String APPENDED = "the broker's clock when it appended the record, since 1970";
    private static final String OFFSET = "of the record in its partition";

    static final Table RUN = Table.of(
            "run",
            "The run; one row.",
            text("run", "its id"),
            text("method", "name of the method"),
            number("classes", "number of classes"),
            number("steps_planned", "number of batches planned"),
            number("train_images", IMAGES, "in the training data"),
            number("test_images", IMAGES, "in the test data"),
            text("data_digest", "SHA-256 of the data, hexadecimal"),
            text("experiment", "the whole experiment, as YAML"));

    static final Table PEERS = Table.of(
            "peers",
            "A peer that the experiment names. Newcomers are in `members` only.",
            text("peer", "its name"),
            text("model", "name in the catalogue of models"),
            text("device", "device of the experiment"),
            number("seed", "of its initial weights"),
            flag("control", "whether it learns from labels alone and is never averaged"));

    static final Table STEPS = Table.of(
            "steps",
            "A step with an outcome, in their order: the batch, and how good targets and contributors were on it. Empty cells:"
                    + " the batch or a prediction is not in the log, or there is no target for all peers.",
            number("step", STEP),
            number("part", PART),
            number("epoch", EPOCH),
            flag("ends_epoch", "whether it is the last batch of its epoch"),
            number("rows", IMAGES, "in the batch"),
            number("sources", "images that are mixed into one; 1 when the batch is not mixed"),
            real("own_weight", SHARE, "share of the label of a row's own image"),
            number("views", "versions of the batch; 1 when all peers see the same"),
            number("outcome_ms", MS, "the outcome: " + APPENDED),
            number("first_prediction_ms", MS, "the first prediction that the outcome names: " + APPENDED),
            number("last_prediction_ms", MS, "the last prediction that the outcome names: " + APPENDED),
            number("contributors", "peers whose predictions the outcome names"),
            flag("taught", "whether the outcome has targets"),
            flag("exact", "whether all slots of the method were present"),
            flag("whole", "whether batch and all named predictions are in the log"),
            real("mean_accuracy", SHARE, "mean of the contributors' accuracies"),
            real(
                    "disagreement",
                    SHARE,
                    "rows with different largest classes, mean over pairs; 0 for a single contributor"),
            real("ensemble_loss", NATS, "cross-entropy of the contributors' mean probability with the mixed labels"),
            real("ensemble_accuracy", SHARE, "rows whose largest class is the label of the largest weight"),
            real("ensemble_entropy", NATS, "of the mean probability, mean over rows"),
            real("ensemble_confidence", SHARE, "largest mean probability, mean over rows"),
            text("target", "name of the first soft target for all peers that has a row for each image"),
            real("target_loss", NATS, "its cross-entropy: logits at T = 1, probabilities as published"),
            real("target_accuracy", SHARE, "as of the ensemble"),
            real("target_entropy", NATS, "as of the ensemble"),
            real("target_confidence", SHARE, "as of the ensemble"));

    static final Table PREDICTIONS = Table.of(
            "predictions",
            "A prediction in the log, partition by partition in the order of the log; the control peer's included. Loss and accuracy are"
                    + " empty where its batch is not in the log, or more than " + LabelWindow.STEPS
                    + " steps older than"
                    + " one that was predicted before it in its partition.",
            number("step", STEP),
            number("part", PART),
            text("peer", "peer that published it"),
            number("incarnation", "start of the peer that published it, from 1"),
            number("version", "updates its weights had seen"),
            flag("counts", "whether it is the first of its peer and step; later ones are ignored"),
            flag("rendered", "whether its images were those of the batch, by digest; empty without the batch"),
            number("log_partition", "of the topic"),
            number("log_offset", OFFSET),
            number("appended_ms", MS, APPENDED),
            number("bytes", BYTES, "of the record"),
            number("rows", IMAGES, "in its logits"),
            real("loss", NATS, "mean cross-entropy with the mixed labels"),
            real("accuracy", SHARE, "rows whose largest class is the label of the largest weight"),
            real("entropy", NATS, "of softmax at T = 1, mean over rows"),
            real("confidence", SHARE, "largest probability, mean over rows"),
            real("margin", SHARE, "largest less second largest probability, mean over rows"),
            real("logit_norm", "", "Euclidean length of a row of logits, mean over rows"),
            number("reported_step", "the update before, which the peer reports here; empty before the first"),
            real("reported_cross_entropy", NATS, "its loss with the labels"),
            real("reported_distillation", "", "its weighted sum of the distillation terms"),
            real("reported_accuracy", SHARE, "share of its rows that were right"),
            flag("reported_taught", "whether it used targets"));

    static final Table OUTCOMES = Table.of(
            "outcomes",
            "An outcome in the log, in the order of the log.",
            number("step", STEP),
            number("part", PART),
            flag("counts", "whether it is the first of its step, which every peer applies"),
            text("coordinator", "coordinator that published it"),
            number("log_offset", OFFSET),
            number("appended_ms", MS, APPENDED),
            number("bytes", BYTES, "of the record"),
            flag("taught", "whether it has targets"),
            text("reason", "why it has none: too_few, independent or not_finite; empty with targets"),
            real("label_weight", "", "factor of the cross-entropy with the labels; empty without targets"),
            flag("exact", "whether all slots of the method were present; empty without targets"),
            number("contributors", "predictions it names"),
            number("terms", "terms for all peers"),
            number("addressed", "parts for single peers"),
            text("state_before", "hash of the teacher's state it was computed from, hexadecimal"),
            text("digest", "of the outcome without its coordinator, hexadecimal"));

    static final Table CONTRIBUTORS = Table.of(
            "contributors",
            "A prediction that the outcome of a step names.",
            number("step", STEP),
            number("part", PART),
            text("peer", "peer that published the prediction"),
            number("slot", "its seat, from 0"),
            number("incarnation", "start of the peer that published it, from 1"),
            number("version", "updates its weights had seen"),
            flag("recorded", "whether the prediction is in the log"),
            flag("same", "whether its digest is the one that the outcome names; empty when it is not in the log"),
            number("delay_ms", MS, "how much later the broker appended it than the first prediction of the step"),
            text("digest", "of its tensors as the outcome names it, hexadecimal"));

    static final Table TERMS = Table.of(
            "terms",
            "A term of the targets of a step; terms for single peers only if their part is in the log.",
            number("step", STEP),
            number("part", PART),
            text("peer", "peer that the term is for; empty if for all"),
            number("ordinal", "place in the list, from 0"),
            text("name", "as the method calls it"),
            text(
                    "kind",
                    "soft_target, own_target, own_branches, copies, cross_entropy, gated_cross_entropy, leaf_gradient or figure"),
            real("weight", "", "factor in the objective; of a figure its value; empty where the kind has none"),
            real("temperature", "", "of both sides; empty where the kind has none"),
            text("audience", "everybody, contributors or others"),
            text("space", "logits or probabilities; of a soft target only"),
            text("vote", "included, left_out or own_teacher_left_out; of a soft target only"),
            text("tensor", "tensor that the gradient is for; of a leaf gradient only"),
            number("height", "rows of its values; empty where it has none"),
            number("width", "columns of its values, all axes but the first"),
            real("minimum", "", "of its values"),
            real("mean", "", "of its values"),
            real("maximum", "", "of its values"),
            real("norm", "", "Euclidean length of its values"),
            real("entropy", NATS, "of a soft target, mean over rows; of logits at T = 1"));

    static final Table EVALUATIONS = Table.of(
            "evaluations",
            "A test in the log, in the order of the log.",
            number("step", TESTED),
            number("epoch", EPOCH),
            text("source", "the peer, or *teacher"),
            flag("last", "whether it is the last test of its source"),
            number("log_offset", OFFSET),
            number("appended_ms", MS, APPENDED),
            number("bytes", BYTES, "of the record"),
            real("accuracy", SHARE, "on the test images, as the source reports"),
            real("cross_entropy", NATS, "mean over the test images, as the source reports"),
            flag("logits", "whether its logits were recorded; without them, the following columns are empty"),
            real("nll", NATS, "computed from the recorded logits, which are rounded"),
            real("brier", "0..2", "squared distance from the label, mean over images"),
            real("ece", SHARE, "expected calibration error, 15 bins"),
            real("entropy", NATS, "of softmax at T = 1, mean over images"),
            real("confidence", SHARE, "largest probability, mean over images"));

    static final Table MEMBERS = Table.of(
            "members",
            "A message about membership, in the order of the log. Cells are empty where the kind has no such value.",
            number("log_offset", OFFSET),
            number("appended_ms", MS, APPENDED),
            text("sender", "as the record names it"),
            text("kind", "joining, admitted, heartbeat, draining, standing, left or rejection"),
            text("peer", "peer that the message is about"),
            number("incarnation", "start of the peer, from 1"),
            number(
                    "step",
                    "heartbeat: trained last; admitted: open then; joining: seen by its weights; rejection: of the"
                            + " prediction; left: trained last; standing: open then; draining: the last it answers"),
            text(
                    "state",
                    "of a heartbeat: joining, catching_up, training, waiting, evaluating or finished; standing: as the coordinator sees it"),
            number("slot", "admitted: its seat, from 0"),
            text("model", "joining: name in the catalogue of models"),
            text("device", "joining: where it computes"),
            flag("observer", "joining: whether it is never averaged"),
            text("reason", "admitted: why it has no seat; others: why"),
            text("detail", "rejection: what was found and what was expected; left: digest of its weights, hexadecimal"),
            real("images_per_second", "1/s", "heartbeat, left: images trained by the time from first to last update"),
            real("wait_share", SHARE, "heartbeat, left: share of that time in which it waited"),
            real("cross_entropy", NATS, "heartbeat: of the last step"),
            real("distillation", "", "heartbeat: weighted terms of the last step"),
            real("accuracy", SHARE, "heartbeat: of the last step; left: on the test images"));

    static final Table DYNAMICS = Table.of(
            "dynamics",
            "The ensemble of the peers that are averaged, on the test images, from recorded logits.",
            number("step", TESTED),
            number("epoch", EPOCH),
            number("members", "peers with recorded logits"),
            real("mean_accuracy", SHARE, "mean of the peers' accuracies"),
            real("accuracy", SHARE, "of the mean probability, as all columns up to ece"),
            real("nll", NATS, "mean of -ln p[label]"),
            real("brier", "0..2", "squared distance from the label, mean over images"),
            real("ece", SHARE, "expected calibration error, 15 bins"),
            real("logit_accuracy", SHARE, "of softmax of the mean of the logits, as all columns up to logit_ece"),
            real("logit_nll", NATS, "as nll"),
            real("logit_brier", "0..2", "as brier"),
            real("logit_ece", SHARE, "as ece"),
            real("gain", "-1..1", "accuracy less mean_accuracy"),
            real("oracle", SHARE, "images on which any peer is right"),
            real("variance", "0..2", "of the peers around their mean probability: the mean of their briers less brier"),
            real("disagreement", SHARE, "images with different largest classes, mean over pairs"));

    static final Table WORTH = Table.of(
            "worth",
            "A peer in the ensemble of `dynamics`.",
            number("step", TESTED),
            number("epoch", EPOCH),
            text("peer", "its name"),
            real("accuracy", SHARE, "on the test images"),
            real("nll", NATS, "mean of -ln p[label]"),
            real("brier", "0..2", "squared distance from the label, mean over images"),
            real("ece", SHARE, "expected calibration error, 15 bins"),
            real(
                    "leave_one_out",
                    "-1..1",
                    "accuracy of the ensemble less that of the others alone; empty for a single peer"));

    static final Table PAIRS = Table.of(
            "pairs",
            "Two different peers of `dynamics`; each pair appears in both orders.",
            number("step", TESTED),
            number("epoch", EPOCH),
            text("peer", "the first"),
            text("other", "the second"),
            real("disagreement", SHARE, "images with different largest classes"),
            real("kl", NATS, "KL(first || second), mean over images"),
            real("double_fault", SHARE, "images on which both are wrong"));

    static final Table DAMAGE = Table.of(
            "damage",
            "A range of records that cannot be read, or a record that every reader refuses; over all topics.",
            text("topic", "as `cohort topic cat` names it"),
            number("log_partition", "of the topic"),
            number("from_offset", "the first record"),
            number("to_offset", "the last record; empty if the end of the damage is unknown"),
            text("kind", "unreadable, or refused: readable, but not a message of this run"),
            text("reason", "of a refusal"),
            text("detail", "what was found"));

    /** All tables, in the order of the page. */
    public static final List<Table> TABLES = List.of(
            RUN,
            PEERS,
            STEPS,
            PREDICTIONS,
            OUTCOMES,
            CONTRIBUTORS,
            TERMS,
            EVALUATIONS,
            MEMBERS,
            DYNAMICS,
            WORTH,
            PAIRS,
            DAMAGE);

    private Schema() {}

    /** The page that describes the tables, in Markdown. */
    public static String page() {
        StringBuilder page = new StringBuilder("""
                # Tables of a run

                `cohort replay RUN --export DIR` writes each of these as `NAME.parquet` and `NAME.csv`; `cohort replay RUN --sql "select ..."`
                queries them. Shares are 0..1, entropies and losses natural logarithms. The first record in the log counts:
                the first outcome of a step, the first prediction of a peer for it.
                """);
        for (Table table : TABLES) {
            page.append("\n## ").append(table.name()).append("\n\n").append(table.meaning());
            page.append("\n\n| column | type | unit | meaning |\n| --- | --- | --- | --- |\n");
            for (Column column : table.columns()) {
                page.append("| `")
                        .append(column.name())
                        .append("` | ")
                        .append(column.type().sql())
                        .append(" | ")
                        .append(column.unit())
                        .append(" | ")
                        .append(column.meaning().replace("|", "\\|"))
                        .append(" |\n");
            }
        }
        return page.toString();
    }
}
