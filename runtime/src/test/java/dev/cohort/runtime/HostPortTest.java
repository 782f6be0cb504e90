package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {
    @ParameterizedTest
    @CsvSource({
        "localhost, localhost, 0, localhost:0",
        "10.0.0.1:9092, 10.0.0.1, 9092, 10.0.0.1:9092",
        "my_broker.example:1, my_broker.example, 1, my_broker.example:1",
        "::1, ::1, 0, [::1]:0",
        "[::1], ::1, 0, [::1]:0",
        "[::1]:9092, ::1, 9092, [::1]:9092",
        "fe80::1%eth0, fe80::1%eth0, 0, [fe80::1%eth0]:0",
        "[2001:db8::7]:65535, 2001:db8::7, 65535, [2001:db8::7]:65535",
        "::ffff:10.0.0.1, ::ffff:10.0.0.1, 0, [::ffff:10.0.0.1]:0",
    })
    void readsEveryWayToWriteAnAddress(String text, String host, int port, String written) {
        HostPort read = HostPort.parse("--listen", text);
        assertThat(read).isEqualTo(new HostPort(host, port));
        assertThat(read).hasToString(written);
        assertThat(HostPort.parse("--listen", written)).isEqualTo(read);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ":9092",
                "h:",
                "h:x",
                "h:65536",
                "h:-1",
                "[::1",
                "::1]",
                "[::1]x:1",
                "[h]:1",
                "a b:1",
                "h:1,k:2"
            })
    void refusesOtherTexts(String text) {
        assertThatThrownBy(() -> HostPort.parse("--listen", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--listen " + text + ": must be HOST or HOST:PORT")
                .hasMessageContaining("[::1]:9092");
    }

    @Test
    void readsServersOfACluster() {
        assertThat(HostPort.parseServers("broker", "a:1,[::1]:2"))
                .containsExactly(new HostPort("a", 1), new HostPort("::1", 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a:1,", "a:1,b", "a:1, b:2", "a:0", "::1", "[::1]"})
    void refusesServersWithoutAPort(String text) {
        assertThatThrownBy(() -> HostPort.parseServers("broker", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("broker '" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.3.2.1", "localhost", "::1", "0:0:0:0:0:0:0:1"})
    void knowsAddressesThatOnlyThisMachineReaches(String host) {
        assertThat(new HostPort(host, 0).isLoopback()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0.0.0.0", "::", "::2", "2001:db8::1", "127.example.org", "127.0.0.1.example.org", "10.0.0.1"})
    void knowsAddressesThatOthersReach(String host) {
        assertThat(new HostPort(host, 0).isLoopback()).isFalse();
    }
}
