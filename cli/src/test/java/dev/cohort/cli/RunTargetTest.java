package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.launch.RunPlace;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RunTargetTest {
    private static final Duration SOON = Duration.ofMillis(200);

    private static RunPlace at(ServerSocket socket) {
        return new RunPlace("r", KafkaAddress.of("127.0.0.1:" + socket.getLocalPort()));
    }

    @Test
    void doesNotTakeASlowBrokerForARunThatIsOver() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> at(silent).requireAnswer(SOON, SOON))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("run r")
                    .hasMessageContaining("listens but did not answer")
                    .hasMessageNotContaining("is over");
        }
    }

    @Test
    void reportsThatARunIsOverWhenItsBrokerDoesNotListen() throws IOException {
        RunPlace gone;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            gone = at(closed);
        }
        assertThatThrownBy(() -> gone.requireAnswer(SOON, SOON))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("the run is over")
                .hasMessageContaining("cohort run --resume");
    }
}
