package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.RecentWorth;
import dev.cohort.study.view.Columns;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Reports the recent worth of each peer to the ensemble, and which peer may be drained.
 *
 * @param contributorsMin contributors that the run needs ({@code elastic.min})
 */
public record PeerWorth(String run, RecentWorth recent, int contributorsMin) implements Printout {
    private static final Columns COLUMNS = Columns.apart(2)
            .left(10)
            .right(6)
            .right(8)
            .right(8)
            .right(8)
            .left(17)
            .right(8)
            .right(8)
            .left(0);

    /** A table and the advice. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        if (recent.steps() == 0) {
            lines.add("Run " + run + ": " + advice());
            return lines;
        }
        lines.add("Run " + run + ", " + Words.count(recent.steps(), "step") + " from " + recent.fromStep() + " to "
                + recent.toStep() + ", on the training batches: the mean probability of all contributors, with and"
                + " without each of them.");
        lines.add(COLUMNS.row("", "", "", "accuracy", "", "", "NLL", "", ""));
        lines.add(COLUMNS.row("peer", "steps", "alone", "with", "without", "worth", "with", "without", "worth"));
        for (RecentWorth.Member m : recent.members()) {
            lines.add(COLUMNS.row(
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
        lines.add("Worth ± standard error, of NLL how many nats a peer takes off. Noise: up to "
                + Words.decimals(RecentWorth.NOISE, 0) + " standard errors.");
        lines.add(advice());
        return lines;
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

    /** The worth of a peer is by how much it lowers the NLL. */
    private static String nats(RecentWorth.Difference of) {
        return String.format(Locale.ROOT, "%+.3f", of.without() - of.with())
                + (of.standardError().isPresent()
                        ? String.format(
                                Locale.ROOT, " ± %.3f", of.standardError().getAsDouble())
                        : "");
    }

    /** Which peer to drain, if any. */
    String advice() {
        if (recent.steps() == 0) {
            return "No step that was read has two contributors or more with all their predictions, so peers cannot be"
                    + " compared. Some methods, such as kd, read no predictions: for these, 'cohort replay --dynamics'"
                    + " shows the peers on the test images.";
        }
        Optional<RecentWorth.Member> burden = recent.burden();
        if (burden.isPresent()) {
            RecentWorth.Member m = burden.get();
            return "Drain " + m.peer() + ": without it the ensemble is better (accuracy " + change(m.accuracy())
                    + ", NLL " + nll(m.loss()) + "), by more than noise. Run 'cohort drain " + m.peer() + "'."
                    + hold();
        }
        Optional<RecentWorth.Member> least = recent.leastMissed();
        if (least.isEmpty()) {
            return "No advice: a peer has fewer than " + RecentWorth.STEPS_MIN + " steps to judge it by.";
        }
        RecentWorth.Member m = least.get();
        return "Drain no peer for the ensemble's sake: without any one of them it is not better by more than noise. If one"
                + " must leave, " + m.peer() + " is missed least (accuracy " + change(m.accuracy()) + ", NLL "
                + nll(m.loss())
                + ")." + hold();
    }

    private String hold() {
        long present =
                recent.members().stream().filter(RecentWorth.Member::present).count();
        return present > contributorsMin
                ? ""
                : " But the run needs " + contributorsMin + " contributors (elastic.min) and has " + present
                        + ": let another join first.";
    }

    /** Change of the accuracy without the peer. */
    private static String change(RecentWorth.Difference of) {
        return Words.points(of.without() - of.with());
    }

    private static String nll(RecentWorth.Difference of) {
        return String.format(Locale.ROOT, "%+.3f", of.without() - of.with());
    }

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
