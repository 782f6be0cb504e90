package dev.cohort.runtime.config;

import dev.cohort.experiment.Problems;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Puts settings of the command line, {@code key=value}, into the tree of an experiment file. A key is a path such as {@code
 * mix.kind} or {@code peers.0.model}; a value has the form that it has in the file. Some settings have further effects:
 *
 * <ul>
 *   <li>{@code peers=N}: N contributors; additional ones repeat the models of those in the file;
 *   <li>{@code run.steps} and {@code run.epochs}: each removes the other from the file;
 *   <li>{@code method.name}: a method other than the file's removes the parameters of the file's method;
 *   <li>{@code optimizer.name}: another one than the file's removes its settings, and the learning rate and weight decay, which have
 *       another scale with it.
 * </ul>
 */
final class Overrides {
    private final Problems problems;
    private Tree.Branch root;

    private Overrides(Tree.Branch root, Problems problems) {
        this.root = root;
        this.problems = problems;
    }

    /** The tree with {@code settings} applied in order; a setting that cannot be applied is a problem. */
    static Tree.Branch apply(Tree.Branch root, List<String> settings, Problems problems) {
        Overrides overrides = new Overrides(root, problems);
        Map<String, Tree> parsed = overrides.parse(settings);
        overrides.makeRoom(parsed);
        parsed.forEach(overrides::put);
        return overrides.root;
    }

    private Map<String, Tree> parse(List<String> settings) {
        Map<String, Tree> parsed = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) {
                problems.require(false, "--set", setting, "KEY=VALUE, for example run.seed=2");
                continue;
            }
            String key = setting.substring(0, equals).strip();
            String value = setting.substring(equals + 1);
            Optional<Tree> tree = value.isBlank()
                    ? Optional.of(new Tree.Leaf("", false))
                    : TreeParser.parse(value, "--set " + key, problems);
            tree.ifPresent(t -> parsed.put(key, t));
        }
        return parsed;
    }

    private void makeRoom(Map<String, Tree> parsed) {
        boolean steps = parsed.containsKey("run.steps");
        boolean epochs = parsed.containsKey("run.epochs");
        if (steps != epochs) {
            root = root.entries().get("run") instanceof Tree.Branch run
                    ? root.with("run", run.without(steps ? "epochs" : "steps"))
                    : root;
        }
        Tree name = parsed.get("method.name");
        Tree.Branch method = root.branch("method");
        if (name != null
                && method.entries().containsKey("name")
                && !name.equals(method.entries().get("name"))) {
            root = root.with("method", Tree.Branch.EMPTY.with("name", name));
        }
        Tree rule = parsed.get("optimizer.name");
        Tree.Branch optimizer = root.branch("optimizer");
        if (rule != null && !rule.equals(optimizer.entries().getOrDefault("name", ExperimentReader.SGD_NAME))) {
            for (String key : ExperimentReader.OF_ONE_RULE) {
                optimizer = optimizer.without(key);
            }
            root = root.with("optimizer", optimizer.with("name", rule));
        }
        Optional.ofNullable(parsed.remove("peers")).ifPresent(this::contributors);
    }

    private void contributors(Tree count) {
        if (!(count instanceof Tree.Leaf leaf) || leaf.quoted() || !leaf.text().matches("[0-9]{1,4}")) {
            if (count instanceof Tree.Items) {
                root = root.with("peers", count);
            } else {
                problems.require(false, "peers", count.shown(), "a list of peers, or in --set their number");
            }
            return;
        }
        int wanted = Integer.parseInt(leaf.text());
        List<Tree> models = new ArrayList<>();
        List<Tree> others = new ArrayList<>();
        if (root.entries().get("peers") instanceof Tree.Items peers) {
            peers.values().forEach(peer -> (isControl(peer) ? others : models).add(peer));
        }
        if (wanted < 1 || models.isEmpty()) {
            problems.require(wanted >= 1, "peers", leaf.text(), "at least 1");
            problems.require(!models.isEmpty(), "peers", leaf.text(), "a list, since the file has no peers to repeat");
            return;
        }
        List<Tree> peers = new ArrayList<>(models.subList(0, Math.min(wanted, models.size())));
        Set<String> ids = new TreeSet<>();
        peers.forEach(peer -> ids.add(id(peer)));
        others.forEach(peer -> ids.add(id(peer)));
        for (int i = peers.size(); i < wanted; i++) {
            int number = i + 1;
            while (!ids.add("p" + number)) {
                number++;
            }
            peers.add(repeated(models.get(i % models.size()), "p" + number));
        }
        peers.addAll(others);
        root = root.with("peers", new Tree.Items(peers));
    }

    /** Another peer of the same model, with other initial weights. */
    private static Tree repeated(Tree peer, String id) {
        return peer instanceof Tree.Branch branch ? branch.without("seed").with("id", new Tree.Leaf(id, false)) : peer;
    }

    private static boolean isControl(Tree peer) {
        return peer instanceof Tree.Branch branch
                && branch.entries().get("control") instanceof Tree.Leaf leaf
                && leaf.text().equals("true");
    }

    private static String id(Tree peer) {
        return peer instanceof Tree.Branch branch && branch.entries().get("id") instanceof Tree.Leaf leaf
                ? leaf.text()
                : "";
    }

    private void put(String key, Tree value) {
        // Names of Kafka client settings contain dots.
        List<String> path = key.startsWith("kafka.")
                ? List.of("kafka", key.substring("kafka.".length()))
                : List.of(key.split("\\.", -1));
        if (put(root, path, 0, value) instanceof Tree.Branch changed) {
            root = changed;
        }
    }

    private Tree put(Tree at, List<String> path, int depth, Tree value) {
        if (depth == path.size()) {
            return value;
        }
        String step = path.get(depth);
        if (at instanceof Tree.Branch branch) {
            Tree below = branch.entries().getOrDefault(step, Tree.Branch.EMPTY);
            return branch.with(step, put(below, path, depth + 1, value));
        }
        String parent = String.join(".", path.subList(0, depth));
        if (at instanceof Tree.Items items) {
            int index = step.matches("[0-9]{1,4}") ? Integer.parseInt(step) : -1;
            if (index >= 0 && index < items.values().size()) {
                return items.with(index, put(items.values().get(index), path, depth + 1, value));
            }
            problems.require(
                    false,
                    String.join(".", path),
                    step,
                    items.values().isEmpty()
                            ? "no index: " + parent + " is empty"
                            : "an index of " + parent + ", 0 to "
                                    + (items.values().size() - 1));
        } else if (at instanceof Tree.Leaf leaf && leaf.isNull()) {
            return put(Tree.Branch.EMPTY, path, depth, value);
        } else {
            problems.add(String.join(".", path), "unknown key: " + parent + " is a single value");
        }
        return at;
    }
}
