package dev.cohort.runtime.kafka;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The contract with Kafka in a container, which is paused for an outage. Skipped without a container engine. {@code
 * -Dcohort.kafka.image} names another image; an image whose name begins with {@code localhost/} is never pulled.
 */
@Tag("slow")
@NullUnmarked // JUnit fills the field.
class ContainerRunLogTest extends RunLogContract {
    private static final String IMAGE = System.getProperty("cohort.kafka.image", "apache/kafka:4.3.1");

    private static KafkaContainer kafka;

    @BeforeAll
    static void startBroker() {
        assumeTrue(
                DockerClientFactory.instance().isDockerAvailable(),
                "no container engine: the contract ran on the embedded broker only");
        kafka = new KafkaContainer(DockerImageName.parse(IMAGE).asCompatibleSubstituteFor("apache/kafka"))
                .withEnv("KAFKA_MESSAGE_MAX_BYTES", Integer.toString(TopicPlan.RECORD_BYTES_MAX))
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");
        if (IMAGE.startsWith("localhost/")) {
            kafka.withImagePullPolicy(image -> false);
        }
        kafka.start();
    }

    @AfterAll
    static void stopBroker() {
        if (kafka != null) {
            kafka.stop();
        }
    }

    @Override
    KafkaAddress address() {
        return KafkaAddress.of(kafka.getBootstrapServers().replaceFirst("^PLAINTEXT://", ""));
    }

    /** Paused, not restarted: a restarted container has another port. */
    @Override
    void outage(Runnable meanwhile) {
        kafka.getDockerClient().pauseContainerCmd(kafka.getContainerId()).exec();
        try {
            meanwhile.run();
        } finally {
            kafka.getDockerClient().unpauseContainerCmd(kafka.getContainerId()).exec();
        }
    }
}
