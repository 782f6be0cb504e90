package dev.cohort.runtime.kafka;

import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Where a Kafka cluster is and how to speak to it.
 *
 * @param bootstrap {@code host:port}, several separated by commas
 * @param client client settings (security, time limits) that win over the ones Cohort chooses
 */
public record KafkaAddress(String bootstrap, Map<String, String> client) {
    /** IPv6 addresses stand in brackets. */
    private static final String SERVER = "([^,:\\s\\[\\]]+|\\[[0-9a-fA-F:]+\\]):\\d{1,5}";

    private static final Pattern FORM = Pattern.compile(SERVER + "(," + SERVER + ")*");

    public KafkaAddress {
        if (!FORM.matcher(bootstrap).matches()) {
            throw new IllegalArgumentException(
                    "broker address '" + bootstrap + "': must be HOST:PORT, several separated by commas");
        }
        client = Collections.unmodifiableMap(new TreeMap<>(client));
    }

    /** An address without client settings. */
    public static KafkaAddress of(String bootstrap) {
        return new KafkaAddress(bootstrap, Map.of());
    }

    /** {@code defaults}, then the address, then the client settings. */
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
