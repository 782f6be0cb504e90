package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientRulesTest {
    @ParameterizedTest
    @CsvSource({
        "delivery.timeout.ms, 120000",
        "retries, 3",
        "enable.idempotence, false",
        "acks, 1",
        "acks, 0",
        "max.in.flight.requests.per.connection, 6",
        "max.in.flight.requests.per.connection, many",
        "key.serializer, x.Y",
        "value.deserializer, x.Y",
        "interceptor.classes, x.Y",
        "partitioner.class, x.Y",
        "transactional.id, t",
        "isolation.level, read_committed",
        "auto.offset.reset, latest",
        "auto.offset.reset, earliest",
        "enable.auto.commit, true",
        "group.id, g",
        "check.crcs, false",
        "allow.auto.create.topics, true",
        "metadata.recovery.strategy, rebootstrap",
        "max.request.size, 1048576",
        "buffer.memory, 1048576",
        "max.block.ms, 600000",
        "bootstrap.servers, elsewhere:9092",
    })
    void refusesSettingsThatBreakAGuarantee(String key, String value) {
        assertThat(ClientRules.objection(key, value)).isPresent();
        assertThatThrownBy(() -> new KafkaAddress("h:1", Map.of(key, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key)
                .hasMessageContaining("must be");
    }

    @ParameterizedTest
    @CsvSource({
        "security.protocol, SASL_SSL",
        "sasl.jaas.config, secret",
        "acks, all",
        "acks, -1",
        "enable.idempotence, true",
        "max.in.flight.requests.per.connection, 1",
        "auto.offset.reset, none",
        "compression.type, zstd",
        "linger.ms, 2",
        "request.timeout.ms, 60000",
        "max.request.size, 67108864",
        "client.id, me",
    })
    void allowsOtherSettings(String key, String value) {
        assertThat(ClientRules.objection(key, value)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sasl.jaas.config",
                "ssl.key.password",
                "ssl.keystore.password",
                "ssl.truststore.password",
                "ssl.keystore.key",
                "my.plugin.token"
            })
    void recognisesSecrets(String key) {
        assertThat(ClientRules.isSecret(key)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"security.protocol", "sasl.mechanism", "ssl.truststore.location", "acks", "client.id"})
    void recognisesOtherSettings(String key) {
        assertThat(ClientRules.isSecret(key)).isFalse();
    }
}
