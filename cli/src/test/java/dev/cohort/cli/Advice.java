package dev.cohort.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A text that this product shows to people, with {@value #VALUE} for what is put in when it is shown.
 *
 * @param place file of the text
 */
record Advice(String place, String text) {
    static final String VALUE = "1";

    private static final Pattern LITERAL =
            Pattern.compile("\"\"\"\\R(?<block>.*?)\"\"\"|\"(?<line>(?:[^\"\\\\\\n]|\\\\.)*)\"", Pattern.DOTALL);
    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*(//|/?\\*).*$");
    private static final Pattern GLUE = Pattern.compile("\\s*\\+\\s*");
    private static final Pattern EXPRESSION = Pattern.compile("\\s*\\+[^;]*?\\+\\s*");

    /** The folder of the whole product. */
    static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("mvnw")) ? here : here.resolve("..").normalize();
    }

    /** The texts of all sources, which are those of messages and of help. */
    static List<Advice> ofSources() {
        List<Advice> all = new ArrayList<>();
        for (Path file : files(root(), ".*/src/main/.*\\.java")) {
            literals(read(file)).forEach(text -> all.add(new Advice(name(file), text)));
        }
        return all;
    }

    /** README and documentation, and what stands beside the files of a deployment and in those of experiments. */
    static List<Advice> ofDocuments() {
        return files(root(), "(README\\.md|docs/.*\\.md|deploy/.*|experiments/.*\\.yaml)").stream()
                .map(file -> new Advice(name(file), read(file)))
                .toList();
    }

    private static String name(Path file) {
        return root().relativize(file).toString();
    }

    private static List<Path> files(Path root, String name) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> name(file).matches(name))
                    .filter(file -> !name(file).contains("target/"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file.toString(), e);
        }
    }

    /** Literals of a source; those that are joined are one, with a value in the place of each expression between them. */
    static List<String> literals(String source) {
        String code = COMMENT.matcher(source).replaceAll("");
        List<String> texts = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        int end = -1;
        Matcher literal = LITERAL.matcher(code);
        while (literal.find()) {
            String between = end < 0 ? ";" : code.substring(end, literal.start());
            boolean joined = GLUE.matcher(between).matches();
            boolean valued = !joined && EXPRESSION.matcher(between).matches();
            if (!joined && !valued) {
                texts.add(text + (end >= 0 && between.strip().startsWith("+") ? VALUE : ""));
                text.setLength(0);
            }
            text.append(valued ? VALUE : "");
            String words = literal.group("block") == null ? literal.group("line") : literal.group("block");
            text.append(words.replace("\\\"", "\"")
                    .replace("\\n", "\n")
                    .replace("%s", VALUE)
                    .replace("%d", VALUE));
            end = literal.end();
        }
        texts.add(text.toString());
        return texts.stream().filter(t -> !t.isBlank()).toList();
    }
}
