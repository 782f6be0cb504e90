package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdvertisedBrokersTest {
    private static ServerSocket socket() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @Test
    void namesABrokerWhoseNameCannotBeResolved() throws IOException {
        try (ServerSocket there = socket()) {
            // Names under .invalid never exist (RFC 6761).
            List<HostPort> nodes =
                    List.of(HostPort.LOOPBACK.with(there.getLocalPort()), new HostPort("kafka-inside.invalid", 9092));
            assertThat(AdvertisedBrokers.obstacle(nodes))
                    .hasValueSatisfying(why -> assertThat(why)
                            .contains("kafka-inside.invalid:9092", "cannot resolve", "advertised.listeners"));
        }
    }

    @Test
    void namesABrokerThatDoesNotListen() throws IOException {
        int port;
        try (ServerSocket closed = socket()) {
            port = closed.getLocalPort();
        }
        assertThat(AdvertisedBrokers.obstacle(List.of(HostPort.LOOPBACK.with(port))))
                .hasValueSatisfying(why -> assertThat(why).contains("127.0.0.1:" + port, "cannot connect"));
    }

    @Test
    void findsNothingWrongWithBrokersThatCanBeReached() throws IOException {
        try (ServerSocket there = socket()) {
            assertThat(AdvertisedBrokers.obstacle(List.of(HostPort.LOOPBACK.with(there.getLocalPort()))))
                    .isEmpty();
        }
    }
}
