package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Left;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A run without a launcher, as on several machines: {@code create}, then each role as a command of its own. */
@Tag("slow")
class PixelsTest {
    private static final String RUN = "by-hand";

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private Started role(KafkaAddress broker, String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--run", RUN, "--bootstrap", broker.bootstrap()));
        return shell.start(all.toArray(String[]::new));
    }

    @Test
    void peersWithoutDataLearnFromPixelsWhatTheyWouldLearnFromRecipes() throws IOException {
        Ended recipes = shell.run(TinyRun.words(shell, TinyImages.IDX)).well();

        Path data = Files.createDirectory(shell.folder().resolve("broker"));
        KafkaAddress broker = KafkaAddress.of(new BrokerFolder(data).address(HostPort.LOOPBACK));
        Started served = shell.start("broker", "--dir", data.toString());
        shell.await("broker", () -> BrokerPing.awaitReady(broker, Duration.ofSeconds(1)));
        String experiment = TinyRun.write(shell.folder(), TinyImages.IDX).toString();
        shell.end(role(broker, "create", experiment, "--set", "data.mode=pixels"))
                .well();
        List<Started> roles = new ArrayList<>(List.of(role(broker, "augment"), role(broker, "coordinator")));
        Map<String, String> weights = new TreeMap<>();
        try (LogWatch log = LogWatch.follow(shell, broker, RUN)) {
            shell.await("test images and a batch", () -> log.testImages() == TinyImages.TEST && log.batches() > 0);
            Files.move(shell.folder().resolve("idx"), shell.folder().resolve("moved away"));
            roles.add(role(broker, "peer", "--peer", "p1"));
            roles.add(role(broker, "peer", "--peer", "p2"));
            roles.forEach(role -> shell.end(role).well());
            shell.await("last words of both peers", () -> log.left().size() == 2);
            log.left().forEach((peer, left) -> {
                assertThat(left.reason()).isEqualTo(Left.FINISHED);
                weights.put(peer, left.result().orElseThrow().weights().hex());
            });
        }
        assertThat(weights).isEqualTo(recipes.weights());
        assertThat(served.process().isAlive()).isTrue();
    }
}
