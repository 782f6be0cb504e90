package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Results of runs with two peers, the first with control's model, and thirty steps. */
public final class SampleResults {
    private static final String ACCURACY = "test_accuracy";

    private SampleResults() {}

    /** The JSON object of a faultless run. */
    public static ObjectNode of(String method, long seed, double p1, double p2, double ensemble, double control) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("run", "20250101-120000-" + method).put("method", method).put("steps", 30);
        json.putArray("peers")
                .add(peer("p1", "resnet8", p1).put("images_per_second", 800).put("wait_share", 0.25))
                .add(peer("p2", "resnet14", p2).put("images_per_second", 600).put("wait_share", 0.05));
        json.putObject("ensemble").put(ACCURACY, ensemble);
        json.putNull("teacher");
        json.set("control", peer("control", "resnet8", control).put("weights_sha256", "c" + seed));
        json.putObject("fingerprints").put("plan", "f" + seed).put("run", "r" + seed + method);
        json.putObject("outcomes").put("targets", 30).put("skipped", 0);
        json.put("rejected_messages", 0).put("seconds", 90.5);
        return json;
    }

    private static ObjectNode peer(String id, String model, double accuracy) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("model", model)
                .put("steps_trained", 30)
                .put(ACCURACY, accuracy);
    }

    public static Row row(String variant, long seed, ObjectNode result) {
        Planned run = new Planned(variant, seed);
        return new Row(run, false, "runs/" + run.id(), result);
    }
}
