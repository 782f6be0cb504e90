package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Where passwords of the Kafka clients are stored, during a run and after it. */
@Tag("slow")
class SecretsTest {
    private static final String CANARY = "canary-5e1f90c2";
    private static final Pattern ADDRESS = Pattern.compile("serves http address=(\\S+)");

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private static boolean holdsCanary(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1).contains(CANARY);
    }

    /** The broker of the run asks for no password, but its clients are given two. */
    private Path experiment() throws IOException {
        return Files.writeString(
                TinyRun.write(shell.folder(), TinyImages.IDX),
                "kafka:\n  ssl.key.password: " + CANARY + "\n  sasl.jaas.config: 'x required username=\"u\" password=\""
                        + CANARY + "\";'\n",
                StandardOpenOption.APPEND);
    }

    @Test
    void areInOneFileForTheOwnerAloneAndNowhereElse() throws IOException, InterruptedException {
        // In a short run the augmenter ends before it can be queried.
        Started run = shell.start(TinyRun.words(experiment(), "--steps", "1000000"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitStep(2);
        }
        RunFolder directory = RunFolder.await(shell);
        assertThat(commandLines()).noneMatch(line -> line.contains(CANARY));
        List<String> pages = pages(directory);
        assertThat(pages).isNotEmpty().noneMatch(page -> page.contains(CANARY));
        shell.run("stop").well();
        Ended ended = shell.end(run).well();
        assertThat(ended.out() + ended.err()).doesNotContain(CANARY);

        Path archive = shell.folder().resolve("run.zip");
        shell.run("archive", directory.path().toString(), archive.toString(), "--with-checkpoints")
                .well();
        assertThat(filesWithCanary(directory.path())).containsExactly("kafka.properties");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(directory.path().resolve("kafka.properties"))))
                .isEqualTo("rw-------");
        assertThat(membersWithCanary(archive)).isEmpty();
    }

    private static List<String> commandLines() {
        List<String> lines = new ArrayList<>();
        ProcessHandle.allProcesses().forEach(p -> p.info().commandLine().ifPresent(lines::add));
        return lines;
    }

    private static List<String> pages(RunFolder directory) throws IOException, InterruptedException {
        List<String> pages = new ArrayList<>();
        HttpClient client = HttpClient.newHttpClient();
        for (String process : List.of("augmenter", "coordinator", "p1", "p2")) {
            String log = Files.readString(directory.path().resolve("processes/" + process + ".log"));
            Optional<String> address =
                    ADDRESS.matcher(log).results().map(m -> m.group(1)).findFirst();
            for (String page : List.of("health", "ready", "status", "metrics")) {
                URI uri = URI.create("http://" + address.orElseThrow() + "/" + page);
                pages.add(client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                        .body());
            }
        }
        return pages;
    }

    private static List<String> filesWithCanary(Path directory) throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (holdsCanary(Files.readAllBytes(file))) {
                    found.add(directory.relativize(file).toString());
                }
            }
        }
        return found;
    }

    private static List<String> membersWithCanary(Path archive) throws IOException {
        List<String> found = new ArrayList<>();
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                if (entry.getName().contains("kafka.properties")
                        || holdsCanary(zip.getInputStream(entry).readAllBytes())) {
                    found.add(entry.getName());
                }
            }
        }
        return found;
    }
}
