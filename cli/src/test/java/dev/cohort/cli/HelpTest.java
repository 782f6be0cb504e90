package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a person reads who asks how the command works, or mistypes it. */
class HelpTest {
    private static final int SUMMARY_CHARS_MAX = 65;
    private static final String OPTION = "--steps";

    @TempDir
    private Path temp = Path.of("");

    private String out = "";
    private String err = "";

    private int cohort(String... arguments) {
        StringWriter printed = new StringWriter();
        StringWriter errors = new StringWriter();
        int code = Cohort.execute(new PrintWriter(printed), new PrintWriter(errors), arguments);
        out = printed.toString();
        err = errors.toString();
        return code;
    }

    private String help(String... arguments) {
        assertThat(cohort(arguments)).as(err).isZero();
        return out;
    }

    private static List<CommandLine> commands(CommandLine line) {
        List<CommandLine> all = new ArrayList<>(List.of(line));
        line.getSubcommands().values().forEach(sub -> all.addAll(commands(sub)));
        return all;
    }

    @Test
    void listsEveryCommandOnceInAGroupOnOneLine() {
        List<String> lines = help("--help").lines().toList();
        assertThat(lines)
                .contains("Run:", "Watch:", "Study:", "Operate:", "Internals:", "Help:")
                .doesNotContain("More:", "Commands:");
        Cohort.commandLine().getSubcommands().forEach((name, command) -> {
            String summary = command.getCommandSpec().usageMessage().description()[0];
            assertThat(summary.length()).as(summary).isLessThanOrEqualTo(SUMMARY_CHARS_MAX);
            boolean hidden = command.getCommandSpec().usageMessage().hidden();
            assertThat(lines.stream().filter(line -> line.matches(" {2}" + name + " +\\S.*")))
                    .as(name)
                    .hasSize(hidden ? 0 : 1);
        });
    }

    @Test
    void everyCommandHasAnExampleAndItsExitCodes() {
        for (CommandLine command : commands(Cohort.commandLine())) {
            assertThat(command.getUsageMessage())
                    .as(command.getCommandName())
                    .contains("Examples:", "    cohort ", "Exit codes:", "Invalid command line");
        }
    }

    @Test
    void namesEveryExitCode() {
        List<String> lines = commands(Cohort.commandLine()).stream()
                .map(CommandLine::getUsageMessage)
                .flatMap(String::lines)
                .toList();
        assertThat(ExitCode.values())
                .allSatisfy(code -> assertThat(lines).anyMatch(line -> line.matches(" +" + code.code() + " +\\S.*")));
    }

    @Test
    void helpIsACommandToo() {
        String run = help("run", "--help");
        assertThat(help("help", "run")).isEqualTo(run).startsWith("Usage: cohort run ");
        assertThat(help("help", "topic", "cat")).startsWith("Usage: cohort topic cat ");
        assertThat(help("help")).isEqualTo(help("--help"));
    }

    @Test
    void answersAMistypedCommandWithTheNearest() {
        assertThat(cohort("rnu")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err)
                .startsWith("cohort: no command 'rnu'; did you mean run?")
                .contains("cohort --help");
        assertThat(cohort("help", "verfy")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).contains("no command 'verfy'; did you mean verify?");
        assertThat(cohort("topic", "ca")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).contains("no command 'ca'; did you mean cat?");
        assertThat(cohort("brokr")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).as("a hidden command is not suggested").doesNotContain("did you mean");
    }

    @Test
    void answersAMistypedOptionWithTheNearest() {
        assertThat(cohort("run", "--stpes", "5")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).startsWith("cohort: no option '--stpes'; did you mean " + OPTION + "?");
        assertThat(cohort("run", "--stpes=5")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).startsWith("cohort: no option '--stpes'; did you mean " + OPTION + "?");
        assertThat(cohort("run", "--zzzzzz")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).startsWith("cohort: no option '--zzzzzz'\n");
        assertThat(cohort("verify", "one", "two")).isEqualTo(ExitCode.USAGE.code());
        assertThat(err).contains("two");
    }

    @Test
    void theNearestComesFirst() {
        assertThat(Mistyped.near("per", List.of("peers", "peer", "proxy"))).containsExactly("peer");
        assertThat(Mistyped.near("pee", List.of("peers", "peer", "proxy"))).containsExactly("peer", "peers");
        assertThat(Mistyped.near("nothing", List.of("peers", "peer"))).isEmpty();
    }

    @Test
    void theCompletionIsAScriptThatCompletes() throws IOException, InterruptedException {
        Path script = Files.writeString(temp.resolve("completion"), help("completion"));
        String asked = ". " + script + "; COMP_WORDS=(cohort run --ste); COMP_CWORD=2;"
                + " _complete_cohort 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p cohort";
        Process shell = new ProcessBuilder("bash", "-c", asked)
                .redirectErrorStream(true)
                .redirectOutput(temp.resolve("completed").toFile())
                .start();
        assertThat(shell.waitFor()).isZero();
        assertThat(Files.readString(temp.resolve("completed")))
                .startsWith(OPTION + "\n")
                .contains("-F _complete_cohort");
    }

    @Test
    void noHelpLeavesAPronounWithoutAReferent() {
        for (CommandLine command : commands(Cohort.commandLine())) {
            Stream<String> texts = Stream.of(
                            Arrays.stream(
                                    command.getCommandSpec().usageMessage().description()),
                            command.getCommandSpec().options().stream().flatMap(o -> Arrays.stream(o.description())),
                            command.getCommandSpec().positionalParameters().stream()
                                    .flatMap(p -> Arrays.stream(p.description())))
                    .flatMap(all -> all);
            assertThat(texts)
                    .as(command.getCommandName())
                    .noneMatch(text -> text.matches("(It|Its|They|Their|One|Those|Whose|Which) .*"));
        }
    }
}
