package dev.cohort.runtime.kafka;

import java.util.Map;
import java.util.Properties;

/** Cohort's default settings of the Kafka clients. */
final class ClientSettings {
    /** One MiB is a whole batch of predictions for most peers. */
    private static final String SOCKET_BYTES = Integer.toString(1 << 20);

    /** Keeps metadata during an outage: a producer that has to look up its topics again accepts no records. */
    private static final String METADATA_RECOVERY = "none";

    private ClientSettings() {}

    /**
     * Idempotent, with unlimited retries: every accepted record is written once and in order, however long the broker is away.
     * The buffer and the time for which a call blocks are bounded.
     */
    static Properties producer(KafkaAddress address, String sender) {
        return address.properties(Map.ofEntries(
                Map.entry("client.id", sender + "-append"),
                Map.entry("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer"),
                Map.entry("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer"),
                Map.entry("acks", "all"),
                Map.entry("enable.idempotence", "true"),
                // The default would add 5 ms to every hop.
                Map.entry("linger.ms", "0"),
                Map.entry("delivery.timeout.ms", Integer.toString(Integer.MAX_VALUE)),
                Map.entry("request.timeout.ms", "10000"),
                Map.entry("max.block.ms", "1000"),
                Map.entry("buffer.memory", Integer.toString(96 << 20)),
                Map.entry("max.request.size", Integer.toString(TopicPlan.RECORD_BYTES_MAX)),
                Map.entry("send.buffer.bytes", SOCKET_BYTES),
                Map.entry("receive.buffer.bytes", SOCKET_BYTES),
                Map.entry("retry.backoff.ms", "50"),
                Map.entry("retry.backoff.max.ms", "500"),
                Map.entry("reconnect.backoff.ms", "50"),
                Map.entry("reconnect.backoff.max.ms", "250"),
                Map.entry("metadata.recovery.strategy", METADATA_RECOVERY),
                Map.entry("enable.metrics.push", "false")));
    }

    /** Without a group: positions are stored in checkpoints and snapshots. */
    static Properties consumer(KafkaAddress address, String sender) {
        return address.properties(Map.ofEntries(
                Map.entry("client.id", sender + "-follow"),
                Map.entry("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer"),
                Map.entry("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer"),
                Map.entry("enable.auto.commit", "false"),
                Map.entry("allow.auto.create.topics", "false"),
                // A gap in the log is an error to report, not to skip.
                Map.entry("auto.offset.reset", "none"),
                Map.entry("fetch.min.bytes", "1"),
                Map.entry("fetch.max.wait.ms", "250"),
                // Soft limits: a larger record is still fetched, alone. Small, so that topics alternate while catching
                // up.
                Map.entry("max.partition.fetch.bytes", Integer.toString(1 << 20)),
                Map.entry("fetch.max.bytes", Integer.toString(8 << 20)),
                Map.entry("max.poll.records", "64"),
                Map.entry("request.timeout.ms", "10000"),
                Map.entry("default.api.timeout.ms", "10000"),
                Map.entry("send.buffer.bytes", SOCKET_BYTES),
                Map.entry("receive.buffer.bytes", SOCKET_BYTES),
                Map.entry("retry.backoff.ms", "50"),
                Map.entry("retry.backoff.max.ms", "500"),
                Map.entry("reconnect.backoff.ms", "50"),
                Map.entry("reconnect.backoff.max.ms", "250"),
                Map.entry("metadata.recovery.strategy", METADATA_RECOVERY),
                Map.entry("enable.metrics.push", "false")));
    }

    static Properties admin(KafkaAddress address, String sender) {
        return address.properties(Map.ofEntries(
                Map.entry("client.id", sender + "-admin"),
                Map.entry("request.timeout.ms", "5000"),
                Map.entry("default.api.timeout.ms", "10000"),
                Map.entry("retry.backoff.ms", "50"),
                Map.entry("retry.backoff.max.ms", "500"),
                Map.entry("reconnect.backoff.ms", "50"),
                Map.entry("reconnect.backoff.max.ms", "250"),
                Map.entry("metadata.recovery.strategy", METADATA_RECOVERY),
                Map.entry("enable.metrics.push", "false")));
    }
}
