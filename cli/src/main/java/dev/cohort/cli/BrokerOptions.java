package dev.cohort.cli;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** How to reach a broker. */
final class BrokerOptions {
    @Option(names = "--bootstrap", paramLabel = "HOST:PORT", description = "The Kafka broker of the run.")
    private Optional<String> bootstrap = Optional.empty();

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Properties file with further settings of the Kafka clients, such as security.")
    private Optional<Path> clientFile = Optional.empty();

    Optional<String> bootstrap() {
        return bootstrap;
    }

    /** Settings of the Kafka clients; empty without a file. */
    Map<String, String> client() {
        Map<String, String> settings = new TreeMap<>();
        clientFile.ifPresent(file -> {
            Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new LaunchException(
                        ExitCode.USAGE,
                        "Kafka settings " + file + ": cannot be read (" + FileFault.why(e)
                                + "): name a properties file",
                        e);
            }
            properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        });
        return settings;
    }
}
