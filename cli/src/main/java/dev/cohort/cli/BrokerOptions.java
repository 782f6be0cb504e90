package dev.cohort.cli;

import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the address of a broker and the settings of its clients. */
final class BrokerOptions {
    @Option(names = "--bootstrap", paramLabel = "HOST:PORT", description = "The Kafka broker of the run.")
    private Optional<String> bootstrap = Optional.empty();

    @Mixin
    private KafkaConfigOption config = new KafkaConfigOption();

    Optional<String> bootstrap() {
        return bootstrap;
    }

    /** Settings of the Kafka clients; empty without a file. */
    Map<String, String> client() {
        return config.settings();
    }
}
