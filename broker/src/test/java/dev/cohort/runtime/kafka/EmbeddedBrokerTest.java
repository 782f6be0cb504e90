package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.broker.EmbeddedBroker;
import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EmbeddedBrokerTest {
    @Test
    void keepsItsAddressDuringTheRun(@TempDir Path folder) {
        HostPort first = new BrokerFolder(folder).address(HostPort.LOOPBACK);
        assertThat(new BrokerFolder(folder).address(HostPort.LOOPBACK)).isEqualTo(first);
        HostPort other = HostPort.LOOPBACK.with(12345);
        assertThat(new BrokerFolder(folder).address(other)).isEqualTo(other);
        assertThat(new BrokerFolder(folder).address(HostPort.LOOPBACK)).isEqualTo(other);
    }

    @Test
    void reportsAPortInUseInOneLine(@TempDir Path folder) throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedBroker.run(folder, HostPort.LOOPBACK.with(other.getLocalPort())))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageStartingWith("broker address 127.0.0.1:" + other.getLocalPort() + " cannot be used")
                    .hasMessageContaining("choose another port")
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void reportsAnUnusableFolderInOneLine(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        assertThatThrownBy(() -> EmbeddedBroker.run(file, HostPort.LOOPBACK))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("broker folder " + file)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void refusesAnAddressThatClientsCannotConnectTo(String everywhere, @TempDir Path folder) {
        assertThatThrownBy(() -> EmbeddedBroker.run(folder, new HostPort(everywhere, 0)))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("choose one address of this machine");
    }

    @Test
    void isNotReadyWhereNothingListens(@TempDir Path folder) {
        KafkaAddress nobody = KafkaAddress.of(new BrokerFolder(folder).address(HostPort.LOOPBACK));
        assertThat(BrokerPing.awaitReady(nobody, Duration.ofMillis(100))).isFalse();
    }
}
