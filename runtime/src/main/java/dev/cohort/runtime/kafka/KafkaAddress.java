package dev.cohort.runtime.kafka;

import dev.cohort.runtime.HostPort;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Address and client settings of a Kafka cluster.
 *
 * @param bootstrap {@code HOST:PORT}, several separated by commas
 * @param client client settings (security, time limits) that override Cohort's own, as far as {@link ClientRules} allow
 */
public record KafkaAddress(String bootstrap, Map<String, String> client) {
    public KafkaAddress {
        HostPort.parseServers("broker address", bootstrap);
        client.forEach((key, value) -> ClientRules.objection(key, value).ifPresent(why -> {
            throw new IllegalArgumentException("Kafka client setting " + key + ": " + why);
        }));
        client = Collections.unmodifiableMap(new TreeMap<>(client));
    }

    /** An address without client settings. */
    public static KafkaAddress of(String bootstrap) {
        return new KafkaAddress(bootstrap, Map.of());
    }

    /** One server without client settings. */
    public static KafkaAddress of(HostPort server) {
        return of(server.toString());
    }

    /** The bootstrap servers, at least one. */
    public List<HostPort> servers() {
        return HostPort.parseServers("broker address", bootstrap);
    }

    /** Merges {@code defaults}, the address and the client settings; later ones override earlier ones. */
    Properties properties(Map<String, String> defaults) {
        Properties properties = new Properties();
        properties.putAll(defaults);
        properties.put("bootstrap.servers", bootstrap);
        properties.putAll(client);
        return properties;
    }

    /** The bootstrap address; never the settings, which may hold a password. */
    @Override
    public String toString() {
        return bootstrap;
    }
}
