package dev.cohort.launch.chaos;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.launch.chaos.Promises.Promise;
import dev.cohort.study.retrain.TrainedAgain;
import dev.cohort.study.view.Printout;
import java.util.ArrayList;
import java.util.List;

/**
 * Which promises a disturbed run kept.
 *
 * @param chaos counts of the disturbances
 */
public record ChaosReport(String run, Chaos chaos, List<Promise> promises) implements Printout {
    public ChaosReport {
        promises = List.copyOf(promises);
    }

    /** Whether every promise was kept. */
    public boolean kept() {
        return promises.stream().allMatch(Promise::kept);
    }

    /** For people. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Run " + run + ": killed " + chaos.kills() + ", paused " + chaos.pauses() + ", disconnected "
                + chaos.partitions() + ", cut " + chaos.cuts() + ", corrupt records " + chaos.corrupt()
                + ", duplicate records " + chaos.duplicates() + ".");
        promises.forEach(p -> lines.add((p.kept() ? "  kept    " : "  BROKEN  ") + p.name() + ": " + p.detail()));
        return lines;
    }

    /** The promise that peers trained again from the log end with the weights that they published. */
    public static Promise weights(List<TrainedAgain> trained) {
        List<String> different = trained.stream()
                .filter(TrainedAgain::wrong)
                .map(TrainedAgain::peer)
                .toList();
        return new Promise(
                "the weights of every peer follow from the log",
                different.isEmpty() && !trained.isEmpty(),
                trained.size() + " trained again, " + (different.isEmpty() ? "all equal" : "different: " + different));
    }

    /** As one JSON object. */
    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", run).put("kept", kept());
        ObjectNode kills = json.putObject("kills");
        chaos.kills().forEach(kills::put);
        json.put("pauses", chaos.pauses())
                .put("partitions", chaos.partitions())
                .put("cuts", chaos.cuts())
                .put("corrupt_records", chaos.corrupt())
                .put("doubled_records", chaos.duplicates());
        ArrayNode invariants = json.putArray("invariants");
        promises.forEach(p -> invariants
                .addObject()
                .put("name", p.name())
                .put("kept", p.kept())
                .put("detail", p.detail()));
        return json;
    }
}
