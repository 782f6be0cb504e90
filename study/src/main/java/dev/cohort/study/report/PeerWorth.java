package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.RecentWorth;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What each peer was worth to the ensemble lately, and whom one may drain, for people and as JSON.
 *
 * @param contributorsMin contributors that the run wants ({@code elastic.min})
 */
public record PeerWorth(String run, RecentWorth recent, int contributorsMin) implements Printout {
    /** A table and an advice. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        if (recent.steps() == 0) {
            lines.add("Run " + run + ": " + advice());
            return lines;
        }
        lines.add("Run " + run + ", " + Words.count(recent.steps(), "step") + " from " + recent.fromStep() + " to "
                + recent.toStep() + ", on the training batches: the mean probability of all contributors, with each and"
                + " without it.");
        lines.add(row("", "", "", "accuracy", "", "", "NLL", "", ""));
        lines.add(row("peer", "steps", "alone", "with", "without", "worth", "with", "without", "worth"));
        for (RecentWorth.Member m : recent.members()) {
            lines.add(row(
                    m.peer(),
                    Integer.toString(m.steps()),
                    Words.percent(m.ownAccuracy()),
                    Words.percent(m.accuracy().with()),
                    Words.percent(m.accuracy().without()),
                    points(m.accuracy()),
                    Words.decimals(m.loss().with(), 3),
                    Words.decimals(m.loss().without(), 3),
                    nats(m.loss())));
        }
        lines.add("Worth ± standard error; NLL in nats, and what a peer takes off it. Noise: up to "
                + Words.decimals(RecentWorth.NOISE, 0) + " standard errors.");
        lines.add(advice());
        return lines;
    }

    private static String row(Object... cells) {
        return String.format(Locale.ROOT, "%-10s  %6s  %8s  %8s  %8s  %-17s  %8s  %8s  %s", cells)
                .stripTrailing();
    }

    private static String points(RecentWorth.Difference of) {
        return String.format(Locale.ROOT, "%+.2f", 100 * of.difference())
                + (of.standardError().isPresent()
                        ? String.format(
                                Locale.ROOT,
                                " ± %.2f pts",
                                100 * of.standardError().getAsDouble())
                        : " pts");
    }

    /** A peer is worth what it takes off the NLL. */
    private static String nats(RecentWorth.Difference of) {
        return String.format(Locale.ROOT, "%+.3f", of.without() - of.with())
                + (of.standardError().isPresent()
                        ? String.format(
                                Locale.ROOT, " ± %.3f", of.standardError().getAsDouble())
                        : "");
    }

    /** Whom to drain, if anybody, in sentences. */
    String advice() {
        if (recent.steps() == 0) {
            return "No step that was read has two contributors or more with all their predictions, so nobody can be"
                    + " compared. Some methods, such as kd, read no predictions: how their peers do on the test images"
                    + " says 'cohort replay --dynamics'.";
        }
        Optional<RecentWorth.Member> burden = recent.burden();
        if (burden.isPresent()) {
            RecentWorth.Member m = burden.get();
            return "Drain " + m.peer() + ": without it the ensemble is better (accuracy " + change(m.accuracy())
                    + ", NLL " + nll(m.loss()) + "), by more than noise. Do it by 'cohort drain " + m.peer() + "'."
                    + hold();
        }
        Optional<RecentWorth.Member> least = recent.leastMissed();
        if (least.isEmpty()) {
            return "No advice: a peer has fewer than " + RecentWorth.STEPS_MIN + " steps to judge it by.";
        }
        RecentWorth.Member m = least.get();
        return "Drain nobody for the ensemble's sake: without none of them is it better by more than noise. If one must"
                + " go, " + m.peer() + " is missed least (accuracy " + change(m.accuracy()) + ", NLL " + nll(m.loss())
                + ")." + hold();
    }

    private String hold() {
        long present =
                recent.members().stream().filter(RecentWorth.Member::present).count();
        return present > contributorsMin
                ? ""
                : " But the run wants " + contributorsMin + " contributors (elastic.min) and has " + present
                        + ": let another join first.";
    }

    /** What becomes of the accuracy without it. */
    private static String change(RecentWorth.Difference of) {
        return Words.points(of.without() - of.with());
    }

    private static String nll(RecentWorth.Difference of) {
        return String.format(Locale.ROOT, "%+.3f", of.without() - of.with());
    }

    /** All of it as one object. */
    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", run)
                .put("steps", recent.steps())
                .put("from_step", recent.fromStep())
                .put("to_step", recent.toStep())
                .put("noise_standard_errors", RecentWorth.NOISE);
        ArrayNode peers = json.putArray("peers");
        for (RecentWorth.Member m : recent.members()) {
            ObjectNode one = peers.addObject()
                    .put("id", m.peer())
                    .put("steps", m.steps())
                    .put("present", m.present())
                    .put("own_accuracy", m.ownAccuracy())
                    .put("own_nll", m.ownLoss());
            difference(one.putObject("accuracy"), m.accuracy());
            difference(one.putObject("nll"), m.loss());
            one.put("burdens", m.burdens());
        }
        recent.burden().ifPresent(m -> json.put("drain", m.peer()));
        recent.leastMissed().ifPresent(m -> json.put("least_missed", m.peer()));
        return json.put("advice", advice());
    }

    private static void difference(ObjectNode json, RecentWorth.Difference of) {
        json.put("with", of.with()).put("without", of.without()).put("difference", of.difference());
        of.standardError().ifPresent(error -> json.put("standard_error", error));
    }
}
