package dev.cohort.study.retrain;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.Finding;
import dev.cohort.study.Verification;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reports whether a run is what its log claims.
 *
 * @param trained peers that were trained again; empty if only the outcomes were computed
 */
public record VerificationReport(OpenRun opened, Verification.Verdict verdict, List<TrainedAgain> trained)
        implements Printout {
    private static final int FINDINGS_SHOWN = 20;

    /** Whether everything that was computed again is equal. */
    public boolean verified() {
        return verdict.clean() && trained.stream().noneMatch(TrainedAgain::wrong);
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + opened.log().runId() + ": " + Words.count(verdict.steps(), "outcome")
                + ", " + verdict.targets() + " with targets, " + verdict.recomputed() + " of them computed again"
                + (verdict.lastStep().isPresent() ? "" : "; the run has not ended") + ".");
        lines.addAll(Studiable.of(opened, verdict.studied()).lines());
        verdict.unknownFrom()
                .ifPresent(step ->
                        lines.add("From step " + step + " on, no outcome could be computed again: the teacher is"
                                + " trained, and part of what it learned from is missing. Batches, predictions and their"
                                + " digests were checked nevertheless."));
        if (verdict.mapsGone().steps() > 0) {
            lines.add("The log no longer has the feature maps of "
                    + Words.count(verdict.mapsGone().steps(), "step")
                    + ", from " + verdict.mapsGone().first() + " to "
                    + verdict.mapsGone().last()
                    + " (wire.maps_kept_mebibytes): their outcomes were not computed again.");
        }
        if (verdict.outcomesIgnored() > 0) {
            lines.add(Words.count(verdict.outcomesIgnored(), "further outcome")
                    + " of steps that already had one: ignored by every reader.");
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
        lines.add(conclusion());
        return lines;
    }

    private String conclusion() {
        long open = trained.stream().filter(TrainedAgain::wrong).count();
        long foreign = trained.stream().filter(TrainedAgain::foreign).count();
        if (verdict.clean() && open == 0) {
            return "Verified" + (foreign > 0 ? ", but for the weights of " + Words.count(foreign, "foreign peer") : "")
                    + ".";
        }
        return "NOT verified: " + Words.count(verdict.found(), "finding")
                + (open > 0 ? ", and the weights of " + Words.count(open, "peer") : "") + ".";
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", opened.log().runId())
                .put("verified", verified())
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
        json.putObject("maps_gone")
                .put("steps", verdict.mapsGone().steps())
                .put("first", verdict.mapsGone().first())
                .put("last", verdict.mapsGone().last());
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
