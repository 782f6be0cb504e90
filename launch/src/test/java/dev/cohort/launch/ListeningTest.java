package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ListeningTest {
    /** An address of no machine (RFC 5737). */
    private static final HostPort GONE = new HostPort("192.0.2.1", 9092);

    private final List<String> lines = new ArrayList<>();

    private static HostPort free() throws IOException {
        try (ServerSocket closed = socket()) {
            return HostPort.LOOPBACK.with(closed.getLocalPort());
        }
    }

    private static ServerSocket socket() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getByName(HostPort.LOOPBACK.host()));
    }

    private HostPort again(HostPort before, Optional<HostPort> wanted) {
        return Listening.again(before, wanted, Duration.ZERO, lines::add);
    }

    @Test
    void staysWhereItWas() throws IOException {
        HostPort before = free();
        assertThat(again(before, Optional.empty())).isEqualTo(before);
        assertThat(lines).isEmpty();
    }

    @Test
    void movesToAnotherHostAndKeepsItsPortIfThatIsFree() throws IOException {
        HostPort before = free();
        assertThat(again(new HostPort("127.0.0.9", before.port()), Optional.of(HostPort.LOOPBACK)))
                .isEqualTo(before);
    }

    @Test
    void movesAwayFromAnAddressThatThisMachineNoLongerHas() throws IOException {
        HostPort wanted = free();
        assertThat(again(GONE, Optional.of(wanted))).isEqualTo(wanted);
    }

    @Test
    void movesToAnyPortWhereTheOldOneIsTaken() throws IOException {
        try (ServerSocket taken = socket()) {
            HostPort before = HostPort.LOOPBACK.with(taken.getLocalPort());
            assertThat(again(before, Optional.of(HostPort.LOOPBACK))).isEqualTo(HostPort.LOOPBACK);
        }
    }

    @Test
    void movesByItselfFromALoopbackAddress() throws IOException {
        try (ServerSocket taken = socket()) {
            HostPort before = HostPort.LOOPBACK.with(taken.getLocalPort());
            assertThat(again(before, Optional.empty())).isEqualTo(HostPort.LOOPBACK);
            assertThat(lines).singleElement().asString().contains(before.toString(), "moves to another port");
        }
    }

    @Test
    void refusesAPortThatIsTaken() throws IOException {
        try (ServerSocket taken = socket()) {
            HostPort wanted = HostPort.LOOPBACK.with(taken.getLocalPort());
            assertThatThrownBy(() -> again(GONE, Optional.of(wanted)))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("port " + wanted.port())
                    .hasMessageContaining("--listen");
        }
    }

    @Test
    void asksForANewAddressWhereOtherMachinesMayUseTheOldOne() {
        assertThatThrownBy(() -> again(GONE, Optional.empty()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("192.0.2.1:9092")
                .hasMessageContaining("--listen");
        assertThat(lines).isEmpty();
    }
}
