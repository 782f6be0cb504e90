package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.Finding;
import dev.cohort.study.Verification;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.retrain.PlannedBatches;
import dev.cohort.study.retrain.TrainedAgain;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.ProgressLines;
import dev.cohort.study.view.Words;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Computes a run again from its log. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Recompute every outcome of a run and compare it bit for bit.",
            "Computes outcomes from the recorded predictions and renders every batch again. With"
                    + " --weights: retrains every peer, too."
        },
        footer = {
            "    cohort verify                       # the newest run",
            "    cohort verify RUN --weights",
            "    cohort verify run.zip --no-batches"
        },
        exitCodeList = {
            "0:Everything matches",
            "1:Something differs, or part of the log cannot be read",
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int FINDINGS_SHOWN = 20;

    @Mixin
    private RecordedRun run = new RecordedRun();

    @Option(
            names = "--weights",
            description = "Also retrain every peer, newcomers included, from the log alone and compare the final"
                    + " weights. Takes about as long as the run without its waiting times.")
    private boolean weights;

    @Option(
            names = "--no-batches",
            description = "Trust the batches in the log instead of rendering them again. Needs no images.")
    private boolean withoutBatches;

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

    @Override
    public Integer call() {
        try (OpenRun opened = run.open()) {
            Experiment experiment = opened.experiment();
            Optional<ImageData> images = withoutBatches && !weights ? Optional.empty() : Optional.of(images(opened));
            Verification.Batches batches = withoutBatches || images.isEmpty()
                    ? Verification.Batches.unchecked()
                    : new PlannedBatches(experiment, images.get());
            Verification verification = new Verification(
                    opened.log(),
                    RunTeacher.of(opened.manifest(), experiment),
                    RunSchedule.learningRate(opened.manifest(), experiment),
                    batches);
            Verification.Verdict verdict = verification.verdict(new ProgressLines(System.err::println, quiet)
                    .steps("outcomes: ", opened.manifest().steps()));
            List<TrainedAgain> trained = weights && images.isPresent()
                    ? TrainedAgain.all(opened, images.get(), new ProgressLines(System.err::println, quiet))
                    : List.of();
            return conclude(opened, verdict, trained);
        }
    }

    private ImageData images(OpenRun opened) {
        try {
            return data.open(opened);
        } catch (IllegalArgumentException e) {
            String rest = weights ? "" : "; with --no-batches all but the batches is verified without it";
            throw new CommandException(ExitCode.USAGE, e.getMessage() + rest, e);
        }
    }

    private int conclude(OpenRun opened, Verification.Verdict verdict, List<TrainedAgain> trained) {
        boolean well = verdict.clean() && trained.stream().noneMatch(TrainedAgain::wrong);
        if (format == OutputFormat.json) {
            System.out.println(json(opened, verdict, trained, well));
        } else {
            lines(opened, verdict, trained).forEach(System.out::println);
        }
        return (well ? ExitCode.OK : ExitCode.FAILED).code();
    }

    private static List<String> lines(OpenRun opened, Verification.Verdict verdict, List<TrainedAgain> trained) {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + opened.log().runId() + ": " + Words.count(verdict.steps(), "outcome")
                + ", " + verdict.targets() + " with targets, " + verdict.recomputed() + " of them computed again"
                + (verdict.lastStep().isPresent() ? "" : "; the run has not ended") + ".");
        lines.addAll(Studiable.of(opened, verdict.studied()).lines());
        verdict.unknownFrom()
                .ifPresent(step ->
                        lines.add("From step " + step + " on, no outcome could be computed again: the teacher is"
                                + " trained, and what it learned from before is not all there. Batches, predictions and their"
                                + " digests were checked all the same."));
        if (verdict.outcomesIgnored() > 0) {
            lines.add(Words.count(verdict.outcomesIgnored(), "further outcome")
                    + " of steps that had one already: ignored by everybody.");
        }
        verdict.refused()
                .forEach((reason, count) -> lines.add(Words.count(count, "record") + " refused: " + reason + "."));
        verdict.findings().stream().limit(FINDINGS_SHOWN).map(Finding::sentence).forEach(lines::add);
        if (verdict.found() > FINDINGS_SHOWN) {
            lines.add("... and " + (verdict.found() - FINDINGS_SHOWN) + " more (--format json has them).");
        }
        trained.forEach(t -> lines.add(t.sentence()));
        lines.add("Fingerprints: plan " + verdict.plan().shortHex() + ", run "
                + verdict.run().shortHex());
        lines.add(conclusion(verdict, trained));
        return lines;
    }

    private static String conclusion(Verification.Verdict verdict, List<TrainedAgain> trained) {
        long open = trained.stream().filter(TrainedAgain::wrong).count();
        long foreign = trained.stream().filter(TrainedAgain::foreign).count();
        if (verdict.clean() && open == 0) {
            return "Verified" + (foreign > 0 ? ", but for the weights of " + Words.count(foreign, "foreign peer") : "")
                    + ".";
        }
        return "NOT verified: " + Words.count(verdict.found(), "finding")
                + (open > 0 ? ", and the weights of " + Words.count(open, "peer") : "") + ".";
    }

    private static ObjectNode json(
            OpenRun opened, Verification.Verdict verdict, List<TrainedAgain> trained, boolean well) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", opened.log().runId())
                .put("verified", well)
                .put("steps", verdict.steps())
                .put("first_step", verdict.firstStep())
                .put("targets", verdict.targets())
                .put("recomputed", verdict.recomputed())
                .put("ended", verdict.lastStep().isPresent())
                .put("outcomes_ignored", verdict.outcomesIgnored());
        json.putObject("fingerprints")
                .put("plan", verdict.plan().hex())
                .put("run", verdict.run().hex());
        ObjectNode refused = json.putObject("refused_records");
        verdict.refused().forEach(refused::put);
        verdict.unknownFrom()
                .ifPresentOrElse(
                        step -> json.put("teacher_unknown_from", step), () -> json.putNull("teacher_unknown_from"));
        json.set("studiable", Studiable.of(opened, verdict.studied()).json());
        json.put("findings_total", verdict.found());
        ArrayNode findings = json.putArray("findings");
        for (Finding finding : verdict.findings()) {
            ObjectNode one =
                    findings.addObject().put("kind", finding.kind().name().toLowerCase(Locale.ROOT));
            finding.step().ifPresentOrElse(s -> one.put("step", s), () -> one.putNull("step"));
            finding.peer().ifPresentOrElse(p -> one.put("peer", p.value()), () -> one.putNull("peer"));
            one.put("field", finding.field()).put("detail", finding.detail());
        }
        ArrayNode weights = json.putArray("weights");
        trained.forEach(t -> weights.addObject()
                .put("peer", t.peer())
                .put("equal", t.equal())
                .put("foreign", t.foreign())
                .put("recorded", t.recorded().hex())
                .put("again", t.again().map(Digest::hex).orElse(""))
                .put("why", t.why()));
        return json;
    }
}
