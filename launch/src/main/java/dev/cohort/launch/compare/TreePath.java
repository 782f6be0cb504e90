package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.experiment.Problems;
import java.util.List;

/** Inserts settings of the command line into the tree of a comparison file at paths such as {@code variants.0.name}. */
final class TreePath {
    private static final String SET = "set";

    private TreePath() {}

    /** Puts {@code value} at {@code path}; adds a problem when the path does not exist. */
    static void put(ObjectNode root, String path, JsonNode value, Problems problems) {
        JsonNode at = root;
        List<String> steps = steps(path);
        for (String step : steps.subList(0, steps.size() - 1)) {
            JsonNode below = at instanceof ArrayNode items && step.matches("[0-9]{1,4}")
                    ? items.path(Integer.parseInt(step))
                    : at.path(step);
            at = below.isMissingNode() && step.equals(SET) && at instanceof ObjectNode parent
                    ? parent.putObject(SET)
                    : below;
        }
        String last = steps.get(steps.size() - 1);
        if (at instanceof ObjectNode parent) {
            parent.set(last, value);
        } else if (at instanceof ArrayNode items && last.matches("[0-9]{1,4}") && items.has(Integer.parseInt(last))) {
            items.set(Integer.parseInt(last), value);
        } else {
            problems.add(
                    "--set " + path, "no such key in the comparison: must be for example seeds or variants.0.name");
        }
    }

    /** After {@code set}, the dots belong to a key of the experiment. */
    private static List<String> steps(String path) {
        String[] steps = path.split("\\.", -1);
        int set = List.of(steps).indexOf(SET);
        return set < 0 || set == steps.length - 1 ? List.of(steps) : List.of(path.split("\\.", set + 2));
    }
}
