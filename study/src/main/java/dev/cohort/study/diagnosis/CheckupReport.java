package dev.cohort.study.diagnosis;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.Studiable;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reports the findings of a checkup, with the setting to change for each. */
public record CheckupReport(OpenRun opened, Checkup.Report report) implements Printout {
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + opened.log().runId() + ": "
                + Words.count(report.found().size(), "finding") + " in "
                + report.steps().sentence() + ".");
        for (Diagnosis diagnosis : report.found()) {
            lines.add("");
            lines.add(diagnosis.severity().name() + ": " + diagnosis.finding() + ".");
            lines.add("  " + diagnosis.evidence() + ".");
            lines.add("  " + diagnosis.setting() + ": " + diagnosis.advice() + ".");
        }
        List<String> well = new ArrayList<>();
        for (Opinion opinion : report.opinions()) {
            opinion.tooShort()
                    .ifPresent(why -> lines.add("Too short to judge the " + opinion.subject() + ": " + why + "."));
            if (opinion.tooShort().isEmpty() && opinion.found().isEmpty()) {
                well.add(opinion.subject());
            }
        }
        if (!well.isEmpty()) {
            lines.add("Nothing wrong: " + String.join(", ", well) + ".");
        }
        return lines;
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", opened.log().runId()).put("healthy", report.healthy());
        ArrayNode findings = json.putArray("findings");
        for (Diagnosis diagnosis : report.found()) {
            findings.addObject()
                    .put("finding", diagnosis.finding())
                    .put("severity", diagnosis.severity().name().toLowerCase(Locale.ROOT))
                    .put("evidence", diagnosis.evidence())
                    .put("setting", diagnosis.setting())
                    .put("advice", diagnosis.advice());
        }
        ArrayNode well = json.putArray("nothing_wrong");
        ArrayNode tooShort = json.putArray("too_short_to_judge");
        for (Opinion opinion : report.opinions()) {
            opinion.tooShort()
                    .ifPresent(why -> tooShort.addObject()
                            .put("subject", opinion.subject())
                            .put("why", why));
            if (opinion.tooShort().isEmpty() && opinion.found().isEmpty()) {
                well.add(opinion.subject());
            }
        }
        json.set("studiable", Studiable.of(opened, report.steps()).json());
        return json;
    }
}
