package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Obstacles to a run are reported in one line each with a remedy, and no process and no run is left behind. */
@Tag("slow")
class RefusalTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    /** Calls {@code cohort run} with these words and returns its standard error. */
    private String refused(ExitCode expected, String... words) {
        List<String> all = new ArrayList<>(List.of("run", "--format", "json"));
        all.addAll(List.of(words));
        Ended run = shell.run(all.toArray(String[]::new));
        assertThat(run.code()).as(run.toString()).isEqualTo(expected.code());
        assertThat(run.out()).as(run.toString()).isEmpty();
        assertThat(run.err()).startsWith("cohort: ").doesNotContain("\tat ", "Exception");
        assertThat(shell.survivors()).isEmpty();
        assertThat(shell.runs()).doesNotExist();
        return run.err();
    }

    private void assertRefused(String[] words, String... text) {
        String err = refused(ExitCode.USAGE, words);
        assertThat(err.strip().lines()).as(err).hasSize(1);
        assertThat(err).contains(text);
    }

    private static String[] set(String... settings) {
        List<String> words = new ArrayList<>();
        for (String setting : settings) {
            words.addAll(List.of("--set", setting));
        }
        return words.toArray(String[]::new);
    }

    @Test
    void refusesOptionsOfTheBuiltInBrokerWithAnother() {
        String[] listen = {"--bootstrap", "127.0.0.1:9", "--listen", "127.0.0.1"};
        assertRefused(listen, "--listen", "127.0.0.1:9");
        String[] proxy = {"--set", "kafka.bootstrap=127.0.0.1:9", "--proxy"};
        assertRefused(proxy, "--proxy", "127.0.0.1:9");
    }

    @Test
    void refusesDataThatIsMissingOrTruncated() throws IOException {
        String nowhere = shell.folder().resolve("nowhere").toString();
        assertRefused(set("data.name=cifar10", "data.path=" + nowhere), "data", nowhere, "data_batch_1.bin");
        Path images = TinyImages.CIFAR10.write(shell.folder()).resolve("data_batch_1.bin");
        byte[] whole = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(whole, whole.length - 5));
        assertRefused(
                set("data.name=cifar10", "data.path=" + images.getParent()),
                images.toString(),
                Integer.toString(whole.length - 5),
                "a multiple of 3073",
                "download it again");
    }

    @Test
    void refusesNamesAndNumbersThatMeanNothing() throws IOException {
        assertRefused(new String[] {"--peers", "0"}, "peers", "0", "at least");
        assertRefused(set("peers.0.model=resnet9"), "peers.0.model", "resnet9", "resnet8");
        assertRefused(set("method.name=magic"), "method.name", "magic", "mean_logit");
        assertRefused(set("mix.knid=cutmix"), "mix.knid", "kind");
        Path broken = Files.writeString(shell.folder().resolve("broken.yaml"), "run:\n  name: [\npeers: 3\n");
        assertRefused(new String[] {broken.toString()}, "broken.yaml", "line");
    }

    @Test
    void reportsAllMistakesAtOnce() {
        String text =
                refused(ExitCode.USAGE, set("method.name=magic", "mix.knid=cutmix", "data.name=mnist", "run.seed=x"));
        assertThat(text).contains("4 problems", "magic", "mix.knid", "mnist", "run.seed");
        assertThat(text.strip().lines()).as("a heading and a line each").hasSize(5);
    }

    @Test
    void refusesAPortInUseAndAMissingBroker() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertThat(refused(ExitCode.INPUT_OUTPUT, "--listen", address))
                    .contains(Integer.toString(taken.getLocalPort()), "--listen");
        }
        // Only root may listen there.
        assertThat(refused(ExitCode.UNAVAILABLE, "--bootstrap", "127.0.0.1:1")).contains("127.0.0.1:1", "--bootstrap");
    }

    @Test
    void refusesAPeerWithoutARun() {
        Ended peer = shell.run("peer", "--run", "none", "--bootstrap", "127.0.0.1:1", "--peer", "p1");
        assertThat(peer.code()).as(peer.toString()).isEqualTo(ExitCode.UNAVAILABLE.code());
        assertThat(peer.err()).contains("127.0.0.1:1").doesNotContain("\tat ");
    }
}
