package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "localhost:", "localhost:http", "a:1,", "a:1,b", "a:1, b:2"})
    void refusesOtherTexts(String bootstrap) {
        assertThatThrownBy(() -> KafkaAddress.of(bootstrap))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("broker address '" + bootstrap + "'")
                .hasMessageContaining("HOST:PORT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:9092", "10.0.0.1:1,k2.example:65535", "[::1]:9092"})
    void acceptsOneOrSeveralServers(String bootstrap) {
        assertThat(KafkaAddress.of(bootstrap).bootstrap()).isEqualTo(bootstrap);
    }

    @Test
    void letsClientSettingsWinAndNeverPrintsThem() {
        KafkaAddress address =
                new KafkaAddress("k1:9092,k2:9092", Map.of("linger.ms", "2", "sasl.jaas.config", "password=secret"));
        Properties properties = ClientSettings.producer(address, "p1");
        assertThat(properties)
                .containsEntry("bootstrap.servers", "k1:9092,k2:9092")
                .containsEntry("acks", "all")
                .containsEntry("linger.ms", "2")
                .containsEntry("enable.idempotence", "true");
        assertThat(address.toString()).isEqualTo("k1:9092,k2:9092");
    }
}
