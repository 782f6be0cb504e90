package dev.cohort.study.conform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.Printout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The verdicts on a peer, rule by rule. */
public record ConformReport(String run, PeerId peer, List<RuleVerdict> verdicts) implements Printout {
    public ConformReport {
        verdicts = List.copyOf(verdicts);
    }

    /** Judges a peer of a run. */
    public static ConformReport of(PeerId peer, OpenRun opened) {
        Subject subject = Subject.of(
                peer, opened.manifest(), opened.experiment(), opened.log().partitions(Topic.PREDICTIONS));
        return new ConformReport(
                opened.log().runId(), peer, new Conformance(subject).verdicts(new AsWritten(opened.log())));
    }

    /** Whether the log has anything of the peer. */
    public boolean seen() {
        return failed() + count(RuleVerdict.Word.PASSED) > 0;
    }

    public long failed() {
        return count(RuleVerdict.Word.FAILED);
    }

    private long count(RuleVerdict.Word word) {
        return verdicts.stream().filter(v -> v.word() == word).count();
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        if (!seen()) {
            return List.of("Peer " + peer + " of run " + run + ": the log has no record of it.");
        }
        lines.add("Peer " + peer + " of run " + run + ": " + count(RuleVerdict.Word.PASSED) + " rules passed, "
                + failed() + " failed, " + count(RuleVerdict.Word.NOT_SEEN) + " not seen.");
        for (RuleVerdict verdict : verdicts) {
            lines.add(String.format(
                    Locale.ROOT, "%-9s %-22s %s", verdict.word().text(), verdict.rule(), verdict.promise()));
            verdict.first().ifPresent(breach -> {
                String times = verdict.broken() == 1 ? "" : " (the first of " + verdict.broken() + ")";
                lines.add("          at " + breach.record() + times);
                lines.add("          found: " + breach.found());
                lines.add("          must be: " + breach.must());
            });
        }
        return lines;
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", run).put("peer", peer.value());
        ArrayNode rules = json.putArray("rules");
        for (RuleVerdict verdict : verdicts) {
            ObjectNode one = rules.addObject()
                    .put("rule", verdict.rule())
                    .put("verdict", verdict.word().text())
                    .put("promise", verdict.promise());
            verdict.first()
                    .ifPresent(breach -> one.put("broken", verdict.broken())
                            .put("record", breach.record())
                            .put("found", breach.found())
                            .put("must_be", breach.must()));
        }
        return json.put("passed", count(RuleVerdict.Word.PASSED))
                .put("failed", failed())
                .put("not_seen", count(RuleVerdict.Word.NOT_SEEN));
    }
}
