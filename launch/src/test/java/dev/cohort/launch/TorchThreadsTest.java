package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TorchThreadsTest {
    @Test
    void sharesTheCoresAmongThePeers() {
        assertThat(TorchThreads.perPeer(OptionalInt.empty(), 4, 16)).isEqualTo(4);
        assertThat(TorchThreads.perPeer(OptionalInt.empty(), 3, 16)).isEqualTo(5);
    }

    @Test
    void givesEveryPeerAtLeastOne() {
        assertThat(TorchThreads.perPeer(OptionalInt.empty(), 4, 2)).isEqualTo(1);
    }

    @Test
    void usesTheSettingOnEveryMachine() {
        assertThat(TorchThreads.perPeer(OptionalInt.of(2), 4, 16)).isEqualTo(2);
        assertThat(TorchThreads.perPeer(OptionalInt.of(8), 4, 16)).isEqualTo(8);
    }
}
