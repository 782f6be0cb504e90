package dev.cohort.runtime.config;

import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Cuts the settings of the Kafka clients, which may hold passwords, out of the text of an experiment. */
final class ClientSection {
    private static final String KEY = "kafka";
    /** Cohort's own keys in the section; all others are settings of the Kafka clients. */
    static final Set<String> OURS = Set.of("bootstrap", "replication");

    private ClientSection() {}

    /**
     * The text without settings of the Kafka clients; unchanged if it has none.
     *
     * @return empty when they cannot be cut out
     */
    static Optional<String> cutOut(String yaml) {
        Optional<Node> root;
        try {
            root = TreeParser.compose(yaml, new LoaderOptions());
        } catch (YAMLException e) {
            return Optional.empty();
        }
        if (root.isEmpty() || !(root.get() instanceof MappingNode mapping)) {
            return Optional.of(yaml);
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode() instanceof ScalarNode key
                    && key.getValue().equals(KEY)
                    && hasMore(tuple.getValueNode())) {
                return mapping.getFlowStyle() == DumperOptions.FlowStyle.BLOCK
                        ? Optional.of(without(yaml, key, tuple.getValueNode()))
                        : Optional.empty();
            }
        }
        return Optional.of(yaml);
    }

    private static boolean hasMore(Node section) {
        if (!(section instanceof MappingNode mapping)) {
            return true;
        }
        return mapping.getValue().stream()
                .anyMatch(t -> !(t.getKeyNode() instanceof ScalarNode key && OURS.contains(key.getValue())));
    }

    /** Removes the comments of the section, too: they may hold earlier values. */
    private static String without(String yaml, ScalarNode key, Node section) {
        int begin = yaml.offsetByCodePoints(0, key.getStartMark().getIndex());
        int end = yaml.offsetByCodePoints(0, section.getEndMark().getIndex());
        StringBuilder cut =
                new StringBuilder(yaml.substring(0, begin)).append(KEY).append(":\n");
        if (section instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode name
                        && OURS.contains(name.getValue())
                        && tuple.getValueNode() instanceof ScalarNode value) {
                    cut.append("  ").append(name.getValue()).append(": ");
                    cut.append(ExperimentWriter.quoted(value.getValue())).append('\n');
                }
            }
        }
        String rest = yaml.substring(end);
        cut.append("  # Settings of the Kafka clients were given, too: see kafka.properties.\n");
        return cut.append(rest.startsWith("\n") ? rest.substring(1) : rest).toString();
    }
}
