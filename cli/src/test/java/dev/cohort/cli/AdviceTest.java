package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.MethodParameter;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.local.Preparation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Every command, option and key in a message, a help text or a document exists. */
class AdviceTest {
    /** In quotes, as messages have them, or as the words of a line that is to be copied. */
    private static final Pattern QUOTED = Pattern.compile("['`](?:\\./)?cohort ([^'`]*)['`]");

    private static final Pattern LINE =
            Pattern.compile("(?m)^ {4}(?:[A-Z_]+=\\S+ )*(?:/opt/cohort/|\\./)?cohort( [^#\\n]*|)$|"
                    + "(?m)^ {4}(?:\\./)?cohort ([^#\\n]*?)\\s*#");
    private static final Pattern BARE = Pattern.compile("(?:^|[^'`\\w/.-])(?:\\./)?cohort ([a-z]+)");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
    private static final Pattern KEY = Pattern.compile(
            "(?<![\\w./-])(run|data|augment|mix|method|optimizer|pace|wire|record|elastic|threads|peers(?:\\[\\]|\\.[0-9]+))"
                    + "((?:\\.[a-z_0-9]+)+)(?![\\w(/-])");
    private static final Set<String> ENDINGS = Set.of("zip", "json", "yaml", "sh", "html", "csv", "md", "log", "txt");
    /** Of other programs. */
    private static final Set<String> FOREIGN =
            Set.of("--logdir", "--build-arg", "--network", "--create-home", "--uid", "--build", "--socket");

    private static final Pattern PLACEHOLDER = Pattern.compile("[A-Z][A-Z_]*(?:[:/.][A-Za-z_]+)*|HOST:PORT|\\.\\.\\.");

    private static List<String> commands(String text) {
        List<String> found = new ArrayList<>();
        for (Pattern pattern : List.of(QUOTED, LINE)) {
            Matcher matcher = pattern.matcher(text);
            while (matcher.find()) {
                String first = Optional.ofNullable(matcher.group(1)).orElse("");
                String second = matcher.groupCount() > 1
                        ? Optional.ofNullable(matcher.group(2)).orElse("")
                        : "";
                found.add((first + second).strip());
            }
        }
        return found;
    }

    /** Words as a shell takes them, up to what is for the shell itself. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = Pattern.compile("\"([^\"]*)\"|'([^']*)'|[|&;>].*|(\\S+)").matcher(command.replace("\\\n", " "));
        while (word.find()) {
            String plain = Optional.ofNullable(word.group(3))
                    .or(() -> Optional.ofNullable(word.group(1)))
                    .or(() -> Optional.ofNullable(word.group(2)))
                    .orElse("");
            if (word.group().matches("[|&;>].*")) {
                break;
            }
            plain = plain.replaceAll("^\\[|\\]$", "");
            if (plain.equals("...")) {
                continue;
            }
            words.add(PLACEHOLDER.matcher(plain).matches() ? plain.contains(":") ? "host:1" : Advice.VALUE : plain);
        }
        return words;
    }

    /** Why a command cannot be given; empty when it can. */
    private static Optional<String> fault(String command) {
        List<String> words = words(command);
        if (words.stream()
                .anyMatch(OPTION.asMatchPredicate().negate().and(w -> w.startsWith("--") && !w.contains("=")))) {
            return Optional.of("an option that is none");
        }
        try {
            Cohort.commandLine().parseArgs(words.toArray(String[]::new));
            return Optional.empty();
        } catch (CommandLine.MissingParameterException e) {
            // A command that is but named, such as 'cohort fork', needs no words after it.
            return words.stream().noneMatch(w -> w.startsWith("-")) && words.size() <= 2
                    ? Optional.empty()
                    : Optional.of(String.valueOf(e.getMessage()));
        } catch (CommandLine.ParameterException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static List<String> faults(List<Advice> texts) {
        List<String> found = new ArrayList<>();
        int commands = 0;
        for (Advice advice : texts) {
            for (String command : commands(advice.text())) {
                commands++;
                fault(command).ifPresent(why -> found.add(advice.place() + ": cohort " + command + ": " + why));
            }
        }
        assertThat(commands).as("commands that were found").isGreaterThan(20);
        return found;
    }

    @Test
    void everyCommandOfAMessageCanBeGiven() {
        assertThat(faults(Advice.ofSources())).isEmpty();
    }

    @Test
    void everyCommandOfADocumentCanBeGiven() {
        assertThat(faults(Advice.ofDocuments())).isEmpty();
    }

    @Test
    void everyCommandOfAMessageIsInQuotes() {
        Set<String> names = Cohort.commandLine().getSubcommands().keySet();
        List<String> found = new ArrayList<>();
        for (Advice advice : Advice.ofSources()) {
            // A line to copy shows by its margin where it ends.
            Matcher bare = BARE.matcher(LINE.matcher(advice.text()).replaceAll(""));
            while (bare.find()) {
                if (names.contains(bare.group(1))) {
                    found.add(advice.place() + ": " + advice.text());
                }
            }
            if (advice.text().contains("./cohort")) {
                found.add(advice.place() + ": names ./cohort, which is cohort elsewhere: " + advice.text());
            }
        }
        assertThat(found)
                .as("in quotes one sees, and this test, where a command ends")
                .isEmpty();
    }

    private static void options(CommandLine line, Set<String> known) {
        line.getCommandSpec().options().forEach(option -> known.addAll(Arrays.asList(option.names())));
        line.getSubcommands().values().forEach(sub -> options(sub, known));
    }

    @Test
    void everyOptionIsOneOfSomeCommand() {
        Set<String> known = new TreeSet<>(FOREIGN);
        options(Cohort.commandLine(), known);
        List<Advice> texts = new ArrayList<>(Advice.ofSources());
        Advice.ofDocuments().stream()
                .filter(a -> !a.place().startsWith("docs/adr"))
                .forEach(texts::add);
        List<String> found = new ArrayList<>();
        for (Advice advice : texts) {
            Matcher option = OPTION.matcher(advice.text());
            while (option.find()) {
                if (!known.contains(option.group())) {
                    found.add(advice.place() + ": " + option.group());
                }
            }
        }
        assertThat(found).isEmpty();
    }

    private static boolean isKey(String section, String rest) {
        if (section.equals("method")) {
            String name = rest.substring(1);
            return name.equals("name")
                    || MethodCatalog.all().stream()
                            .map(Method::parameters)
                            .flatMap(List::stream)
                            .map(MethodParameter::name)
                            .anyMatch(name::equals);
        }
        String key = section.replace("[]", ".0") + rest;
        Problems problems = new Problems();
        Preparation.read(Optional.empty(), List.of(key + "=" + Advice.VALUE), problems);
        return problems.found().stream().noneMatch(p -> p.startsWith(key + ":") && p.contains("unknown key"))
                && problems.found().stream().noneMatch(p -> p.contains("unknown key"));
    }

    private static List<String> wrongKeys(List<Advice> texts) {
        Set<String> right = new TreeSet<>();
        List<String> found = new ArrayList<>();
        for (Advice advice : texts) {
            Matcher key = KEY.matcher(advice.text());
            while (key.find()) {
                String last = key.group(2).substring(key.group(2).lastIndexOf('.') + 1);
                // Parts that are inserted at run time are unknown here.
                if (ENDINGS.contains(last) || last.equals(Advice.VALUE) || right.contains(key.group())) {
                    continue;
                }
                if (isKey(key.group(1), key.group(2))) {
                    right.add(key.group());
                } else {
                    found.add(advice.place() + ": " + key.group());
                }
            }
        }
        assertThat(right).as("keys that were found").hasSizeGreaterThan(10);
        return found;
    }

    @Test
    void everyKeyOfAMessageCanBeSet() {
        assertThat(wrongKeys(Advice.ofSources())).isEmpty();
    }

    @Test
    void everyKeyOfADocumentCanBeSet() {
        assertThat(wrongKeys(Advice.ofDocuments())).isEmpty();
    }

    @Test
    void noticesWhatIsNotThere() {
        assertThat(fault("topic list")).isPresent();
        assertThat(fault("verify --wieghts")).isPresent();
        assertThat(fault("topic cat outcomes --last K")).isEmpty();
        assertThat(fault("fork")).isEmpty();
        assertThat(isKey("pace", ".deadline")).isFalse();
        assertThat(isKey("peers[]", ".device")).isTrue();
        assertThat(commands("see 'cohort verify' (`./cohort peers --value`)\n    ./cohort run     # the first\n"))
                .containsExactly("verify", "peers --value", "run");
        assertThat(Advice.literals("say(\"by 'cohort \" + name + \" x'\" + \", now\"); say(\"no\" + 1);"))
                .containsExactly("by 'cohort 1 x', now", "no");
    }
}
