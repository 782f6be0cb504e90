package dev.cohort.runtime.kafka;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract on the embedded broker, which an outage kills. */
@NullUnmarked // JUnit fills the fields.
class EmbeddedRunLogTest extends RunLogContract {
    @TempDir
    static Path folder;

    private static BrokerProcess broker;

    @BeforeAll
    static void startBroker() throws IOException {
        broker = BrokerProcess.start(folder);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Override
    KafkaAddress address() {
        return broker.address();
    }

    @Override
    void outage(Runnable meanwhile) throws Exception {
        broker.kill();
        try {
            meanwhile.run();
        } finally {
            broker.restart();
        }
    }
}
