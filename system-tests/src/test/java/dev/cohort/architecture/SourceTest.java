package dev.cohort.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What source may look like. The idea of such a test is TigerBeetle's {@code tidy}. */
class SourceTest {
    /** Lines of the longest method there is; lower it when you can, never raise it. */
    private static final int METHOD_LINES_MAX = 50;

    private static final int FILE_LINES_MAX = 500;
    private static final int LINE_CHARACTERS_MAX = 160;

    private static final Pattern UNFINISHED = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern CATCH_ALL = Pattern.compile("catch \\((final )?(Exception|Throwable|Error)\\b");
    /** A method or constructor whose header begins at the indentation of a class member, up to its opening brace. */
    private static final Pattern METHOD = Pattern.compile("(?m)^( {4}| {8})(?=[a-zA-Z<@])"
            + "(?!(?:public |private |protected |static |final )*(?:return|throw|new|else|class|record|enum|interface))"
            + "[^=;{}()]*\\([^;{}]*\\)[^;{}=]*\\{$");

    private static final Path ROOT = root();

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("mvnw")) ? here : here.resolve("..").normalize();
    }

    private record Source(Path path, String text) {
        Source {
            text = text.replace("\r\n", "\n");
        }

        List<String> lines() {
            return text.lines().toList();
        }

        boolean isTest() {
            return path.toString().contains("/src/test/");
        }

        @Override
        public String toString() {
            return ROOT.relativize(path).toString();
        }
    }

    private static List<Source> sources() {
        List<Source> sources = new ArrayList<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.sorted().toList()) {
                Path source = module.resolve("src");
                if (Files.isDirectory(source)) {
                    addJava(source, sources);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sources;
    }

    private static void addJava(Path folder, List<Source> sources) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                sources.add(new Source(file, Files.readString(file)));
            }
        }
    }

    @Test
    void findsTheSourcesItIsAbout() {
        assertThat(sources()).hasSizeGreaterThan(50);
    }

    @Test
    void leavesNothingUnfinished() {
        List<String> found = new ArrayList<>();
        for (Source source : sources()) {
            Matcher matcher = UNFINISHED.matcher(source.text());
            while (matcher.find()) {
                found.add(source + ": " + matcher.group());
            }
        }
        assertThat(found).as("do it or open an issue").isEmpty();
    }

    @Test
    void catchesEverythingOnlyWhereAProcessEnds() {
        List<String> found = sources().stream()
                .filter(s -> !s.isTest())
                .filter(s -> !s.path().toString().matches(".*/dev/cohort/(runtime|broker|launch|cli)/.*"))
                .filter(s -> CATCH_ALL.matcher(s.text()).find())
                .map(Source::toString)
                .toList();
        assertThat(found)
                .as("an expected fault is data, an unexpected one ends the process; neither is caught on the way")
                .isEmpty();
    }

    @Test
    void keepsLinesShort() {
        List<String> found = new ArrayList<>();
        for (Source source : sources()) {
            source.lines().stream()
                    .filter(line -> line.length() > LINE_CHARACTERS_MAX)
                    .forEach(line -> found.add(source + ": " + line.length() + ": " + line.strip()));
        }
        assertThat(found).as("at most " + LINE_CHARACTERS_MAX + " characters").isEmpty();
    }

    @Test
    void keepsFilesShort() {
        assertThat(sources())
                .as("at most " + FILE_LINES_MAX + " lines: split what has two subjects")
                .allSatisfy(s -> assertThat(s.lines().size()).as(s.toString()).isLessThanOrEqualTo(FILE_LINES_MAX));
    }

    @Test
    void keepsMethodsShort() {
        List<String> found = new ArrayList<>();
        for (Source source : sources()) {
            Matcher method = METHOD.matcher(source.text());
            while (method.find()) {
                int end = source.text().indexOf("\n" + method.group(1) + "}", method.end());
                long lines = end < 0
                        ? 0
                        : source.text().substring(method.start(), end).lines().count() + 1;
                if (lines > METHOD_LINES_MAX) {
                    found.add(
                            source + ": " + lines + " lines: " + method.group().strip());
                }
            }
        }
        assertThat(found).as("at most " + METHOD_LINES_MAX + " lines").isEmpty();
    }

    @Test
    void mentionsNoForeignMachine() {
        List<String> found = sources().stream()
                .filter(s -> s.text().contains("/wo" + "rk/") || s.text().contains("/tm" + "p/wt"))
                .map(Source::toString)
                .toList();
        assertThat(found).isEmpty();
    }
}
