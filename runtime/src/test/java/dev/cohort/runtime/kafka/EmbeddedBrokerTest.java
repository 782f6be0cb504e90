package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedBrokerTest {
    @Test
    void keepsItsAddressForTheLifeOfTheRun(@TempDir Path folder) {
        KafkaAddress first = EmbeddedBroker.address(folder, "127.0.0.1", 0);
        assertThat(EmbeddedBroker.address(folder, "127.0.0.1", 0)).isEqualTo(first);
        assertThat(EmbeddedBroker.address(folder, "127.0.0.1", 12345).bootstrap())
                .isEqualTo("127.0.0.1:12345");
        assertThat(EmbeddedBroker.address(folder, "127.0.0.1", 0).bootstrap()).isEqualTo("127.0.0.1:12345");
    }

    @Test
    void saysInOneLineThatItsPortIsInUse(@TempDir Path folder) throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedBroker.run(folder, "127.0.0.1", other.getLocalPort()))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageStartingWith("broker address 127.0.0.1:" + other.getLocalPort() + " cannot be used")
                    .hasMessageContaining("choose another port")
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void saysInOneLineThatItsFolderCannotBeUsed(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        assertThatThrownBy(() -> EmbeddedBroker.run(file, "127.0.0.1", 0))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("broker folder " + file)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void refusesAnAddressThatNobodyCanConnectTo(@TempDir Path folder) {
        assertThatThrownBy(() -> EmbeddedBroker.run(folder, "0.0.0.0", 0))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("name one address of this machine");
    }

    @Test
    void isNotReadyWhereNothingListens(@TempDir Path folder) {
        KafkaAddress nobody = EmbeddedBroker.address(folder, "127.0.0.1", 0);
        assertThat(EmbeddedBroker.awaitReady(nobody, Duration.ofMillis(100))).isFalse();
    }
}
