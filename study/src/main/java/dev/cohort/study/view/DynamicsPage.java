package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import dev.cohort.study.Timeline;
import java.util.List;
import java.util.Locale;

/** The dynamics of an ensemble as one self-contained HTML page. */
public final class DynamicsPage {
    private static final String TEMPLATE = "dynamics.html";

    private DynamicsPage() {}

    /**
     * Facts about the run as a whole.
     *
     * @param method name of the method
     * @param models of the contributors, for people
     * @param steps planned
     * @param configuration effective configuration as YAML
     */
    public record Facts(String method, String models, long steps, String configuration) {}

    /**
     * The page.
     *
     * @param dynamics from {@link DynamicsJson}
     */
    public static String html(
            Facts facts,
            ObjectNode dynamics,
            List<DynamicsHistory.Point> points,
            Timeline timeline,
            Fingerprint fingerprint) {
        ObjectNode data = dynamics.deepCopy();
        data.put("steps", facts.steps());
        data.put(
                "subtitle",
                "Method " + facts.method() + ": " + facts.models() + ". Fingerprints: plan "
                        + fingerprint.plan().shortHex() + ", run "
                        + fingerprint.run().shortHex() + ".");
        data.put("verdict", verdict(points));
        data.put("configuration", facts.configuration());
        ArrayNode changes = data.putArray("changes");
        timeline.events()
                .forEach(e -> changes.addObject()
                        .put("step", e.step())
                        .put("who", e.who())
                        .put("what", TimelinePage.words(e)));
        return Page.html(TEMPLATE, data);
    }

    /** The charts in a few sentences. */
    static String verdict(List<DynamicsHistory.Point> points) {
        if (points.isEmpty()) {
            return "The log has no test logits of the contributors, so their accuracy is unknown.";
        }
        Dynamics first = points.get(0).dynamics();
        Dynamics last = points.get(points.size() - 1).dynamics();
        StringBuilder verdict = new StringBuilder(String.format(
                Locale.ROOT,
                "At step %d the ensemble is right on %.1f %% of the test images, %+.1f points against the mean of its peers;"
                        + " at least one peer is right on %.1f %%.",
                points.get(points.size() - 1).step(),
                100 * last.byProbability().accuracy(),
                100 * last.gain(),
                100 * last.oracle()));
        if (last.peers().size() > 1) {
            verdict.append(String.format(Locale.ROOT, " Two peers disagree on %.1f %%", 100 * last.meanDisagreement()));
            verdict.append(
                    points.size() > 1
                            ? String.format(
                                    Locale.ROOT, ", compared with %.1f %% at first.", 100 * first.meanDisagreement())
                            : ".");
            List<Double> worth = last.leaveOneOut();
            for (int i = 0; i < worth.size(); i++) {
                if (worth.get(i) < 0) {
                    verdict.append(String.format(
                            Locale.ROOT,
                            " Without %s the ensemble would gain %.1f points.",
                            last.peers().get(i),
                            -100 * worth.get(i)));
                }
            }
        }
        return verdict.toString();
    }
}
