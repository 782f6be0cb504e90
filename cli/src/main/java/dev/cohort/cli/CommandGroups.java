package dev.cohort.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Groups the commands in the help of {@code cohort} by purpose. */
final class CommandGroups {
    private static final int NAME_WIDTH = 13;

    private static final List<Group> GROUPS = List.of(
            new Group("Run", List.of("run", "compare", "fork", "methods", "models", "data")),
            new Group("Watch", List.of("runs", "peers", "doctor", "timeline")),
            new Group("Study", List.of("verify", "replay", "topic", "archive", "weights")),
            new Group("Operate", List.of("join", "drain", "scale", "stop", "chaos", "conform")),
            new Group("Internals", List.of("create", "augment", "coordinator", "peer", "bench")),
            new Group("Help", List.of("help", "completion")));

    private CommandGroups() {}

    private record Group(String title, List<String> commands) {}

    /** Makes the help of this command list its subcommands in groups. */
    static void in(CommandLine line) {
        line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
        line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandGroups::text);
    }

    private static String text(Help help) {
        Map<String, String> summaries = new LinkedHashMap<>();
        help.subcommands()
                .forEach((name, command) ->
                        summaries.put(name, command.commandSpec().usageMessage().description()[0]));
        StringBuilder text = new StringBuilder();
        for (Group group : GROUPS) {
            List<String> rows = group.commands().stream()
                    .flatMap(
                            name -> Optional.ofNullable(summaries.remove(name)).map(about -> row(name, about)).stream())
                    .toList();
            block(text, group.title(), rows);
        }
        List<String> rest = new ArrayList<>();
        summaries.forEach((name, about) -> rest.add(row(name, about)));
        block(text, "More", rest);
        return text.toString();
    }

    private static String row(String name, String about) {
        return String.format(Locale.ROOT, "  %-" + NAME_WIDTH + "s%s%n", name, about);
    }

    private static void block(StringBuilder text, String title, List<String> rows) {
        if (!rows.isEmpty()) {
            text.append(String.format(Locale.ROOT, "%n%s:%n", title));
            rows.forEach(text::append);
        }
    }
}
