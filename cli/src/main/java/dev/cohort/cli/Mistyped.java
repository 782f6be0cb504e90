package dev.cohort.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Suggests commands or options for a mistyped one. */
final class Mistyped {
    private static final int SHOWN_MAX = 3;

    private Mistyped() {}

    /** The message for a command that {@code line} does not have. */
    static ParameterException command(CommandLine line, String word) {
        return new ParameterException(line, "no command '" + word + "'" + suggested(near(word, commands(line))));
    }

    /** The message for unknown words of a command line; picocli's own if nothing is similar. */
    static String message(UnmatchedArgumentException e) {
        CommandLine line = e.getCommandLine();
        String word = e.getUnmatched().get(0);
        if (e.isUnknownOption()) {
            String name = word.split("=", 2)[0];
            return "no option '" + name + "'" + suggested(near(name, options(line)));
        }
        return line.getSubcommands().isEmpty()
                ? String.valueOf(e.getMessage())
                : String.valueOf(command(line, word).getMessage());
    }

    private static String suggested(List<String> near) {
        return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    }

    private static List<String> commands(CommandLine line) {
        return line.getSubcommands().entrySet().stream()
                .filter(command ->
                        !command.getValue().getCommandSpec().usageMessage().hidden())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static List<String> options(CommandLine line) {
        return line.getCommandSpec().options().stream()
                .map(OptionSpec::names)
                .flatMap(Stream::of)
                .filter(name -> name.startsWith("--"))
                .toList();
    }

    /** Names that begin with the word or differ in few letters, the most similar first. */
    static List<String> near(String word, Collection<String> names) {
        int distanceMax = Math.max(1, word.replace("-", "").length() / 3);
        return names.stream()
                .map(name -> new Candidate(name, name.startsWith(word) ? 0 : distance(word, name)))
                .filter(candidate -> candidate.distance() <= distanceMax)
                .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
                .limit(SHOWN_MAX)
                .map(Candidate::name)
                .toList();
    }

    private record Candidate(String name, int distance) {}

    /** Number of missing, additional, different or swapped letters (optimal string alignment distance). */
    private static int distance(String a, String b) {
        int[][] edits = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    edits[i][j] = i + j;
                    continue;
                }
                int other = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                edits[i][j] = Math.min(edits[i - 1][j - 1] + other, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[a.length()][b.length()];
    }
}
