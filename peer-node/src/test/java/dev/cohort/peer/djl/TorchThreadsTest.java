package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TorchThreadsTest {
    @Test
    void areThoseSetLastInThisThreadAndInNewOnes() {
        TorchEngine engine = TorchEngine.start();
        int before = engine.threads();
        try {
            engine.use(before + 1);
            assertThat(engine.threads()).isEqualTo(before + 1);
            CompletableFuture<Integer> other = new CompletableFuture<>();
            new Thread(() -> other.complete(engine.threads())).start();
            assertThat(other.join()).isEqualTo(before + 1);
        } finally {
            engine.use(before);
        }
    }
}
