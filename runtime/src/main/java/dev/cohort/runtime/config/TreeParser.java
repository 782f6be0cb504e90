package dev.cohort.runtime.config;

import dev.cohort.experiment.Problems;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.representer.Representer;

/** Parses YAML text into a {@link Tree}, without constructing objects. A mistake becomes one line with its position. */
final class TreeParser {
    /** An experiment has four levels; a list that contains itself would be endless. */
    private static final int DEPTH_MAX = 16;
    /** Nested aliases double the number of nodes with every line. */
    private static final int NODES_MAX = 10_000;

    private final String source;
    private final Problems problems;
    private int nodes;
    private boolean tooLarge;

    private TreeParser(String source, Problems problems) {
        this.source = source;
        this.problems = problems;
    }

    /**
     * The tree of {@code text}; empty, with a problem added, when the text is not YAML or exceeds a limit.
     *
     * @param source name of the text in problems, such as the name of the file
     */
    static Optional<Tree> parse(String text, String source, Problems problems) {
        int before = problems.found().size();
        Tree tree = new TreeParser(source, problems).tree(text);
        return problems.found().size() == before ? Optional.of(tree) : Optional.empty();
    }

    /**
     * The root node of YAML text; empty for an empty text.
     *
     * @throws YAMLException when {@code text} is not YAML
     */
    static Optional<Node> compose(String text, LoaderOptions options) {
        DumperOptions unused = new DumperOptions();
        return Optional.ofNullable(new Yaml(new SafeConstructor(options), new Representer(unused), unused, options)
                .compose(new StringReader(text)));
    }

    private Tree tree(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(50);
        options.setNestingDepthLimit(DEPTH_MAX);
        try {
            Tree tree = compose(text, options).map(root -> convert(root, 0)).orElse(Tree.Branch.EMPTY);
            problems.require(
                    !tooLarge, source, "too large", "at most " + NODES_MAX + " values in " + DEPTH_MAX + " levels");
            return tree;
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() != null ? e.getProblemMark() : e.getContextMark();
            return broken(mark, oneLine(String.valueOf(e.getProblem())));
        } catch (YAMLException e) {
            return broken(null, oneLine(String.valueOf(e.getMessage())));
        }
    }

    private Tree convert(Node node, int depth) {
        if (depth > DEPTH_MAX || nodes >= NODES_MAX) {
            tooLarge = true;
            return Tree.Branch.EMPTY;
        }
        nodes++;
        if (node instanceof ScalarNode scalar) {
            return new Tree.Leaf(scalar.getValue(), scalar.getScalarStyle() != DumperOptions.ScalarStyle.PLAIN);
        }
        if (node instanceof SequenceNode sequence) {
            List<Tree> values = new ArrayList<>();
            for (Node value : sequence.getValue()) {
                values.add(convert(value, depth + 1));
            }
            return new Tree.Items(values);
        }
        Map<String, Tree> entries = new LinkedHashMap<>();
        if (node instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                    broken(tuple.getKeyNode().getStartMark(), "a key must be a word");
                } else if (entries.put(key.getValue(), convert(tuple.getValueNode(), depth + 1)) != null) {
                    broken(key.getStartMark(), "key " + oneLine(key.getValue()) + " appears twice");
                }
            }
        }
        return new Tree.Branch(entries);
    }

    private Tree broken(@Nullable Mark mark, String what) {
        String place = mark == null ? "" : "line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ": ";
        problems.add(source, place + what);
        return Tree.Branch.EMPTY;
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
