package dev.cohort.cli;

import dev.cohort.launch.ClientFile;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.ClientRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Settings of the Kafka clients in a file. */
final class KafkaConfigOption {
    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Properties file with further Kafka client settings, such as TLS. A run keeps a copy"
                    + " that only the owner can read.")
    private Optional<Path> file = Optional.empty();

    /** Empty without a file. */
    Map<String, String> settings() {
        Map<String, String> settings = file.map(ClientFile::read).orElse(Map.of());
        List<String> wrong = new ArrayList<>();
        settings.forEach(
                (key, value) -> ClientRules.objection(key, value).ifPresent(why -> wrong.add(key + ": " + why)));
        if (!wrong.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--kafka-config " + file.map(Path::toString).orElse("") + ": " + String.join("; ", wrong));
        }
        return settings;
    }
}
