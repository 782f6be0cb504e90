package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.runtime.CommandException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JavaFlagsTest {
    private static final List<String> OWN = List.of("-Xmx256m", "-XX:+UseSerialGC");

    @Test
    void leavesAProcessItsOwnFlagsWithoutAnyVariable() {
        assertThat(new JavaFlags(Map.of()).of(OWN, "peer")).containsExactlyElementsOf(OWN);
    }

    @Test
    void passesCommonFlagsToEveryRoleAndFlagsOfARoleToItAlone() {
        JavaFlags flags = new JavaFlags(Map.of("COHORT_JAVA_OPTS", " -Da=1\n-Db=2 ", "COHORT_PEER_JAVA_OPTS", "-Dc=3"));
        assertThat(flags.of(OWN, "peer")).containsExactly("-Xmx256m", "-XX:+UseSerialGC", "-Da=1", "-Db=2", "-Dc=3");
        assertThat(flags.of(OWN, "join")).contains("-Dc=3");
        assertThat(flags.of(OWN, "coordinator")).contains("-Da=1").doesNotContain("-Dc=3");
    }

    @Test
    void aCommonHeapNeverLowersWhatARoleNeeds() {
        assertThat(new JavaFlags(Map.of("COHORT_JAVA_OPTS", "-Xms16m -Xmx24m")).of(OWN, "peer"))
                .containsExactly("-Xmx256m", "-XX:+UseSerialGC");
        assertThat(new JavaFlags(Map.of("COHORT_JAVA_OPTS", "-Xmx2g")).of(OWN, "peer"))
                .containsExactly("-Xmx2048m", "-XX:+UseSerialGC");
        assertThat(new JavaFlags(Map.of("COHORT_JAVA_OPTS", "-XX:MaxHeapSize=536870912")).of(OWN, "peer"))
                .containsExactly("-Xmx512m", "-XX:+UseSerialGC");
    }

    @Test
    void aHeapOfARoleWins() {
        JavaFlags flags = new JavaFlags(Map.of("COHORT_JAVA_OPTS", "-Xmx2g", "COHORT_BROKER_JAVA_OPTS", "-Xmx96m"));
        assertThat(flags.of(OWN, "broker")).last().isEqualTo("-Xmx96m");
        assertThat(flags.of(OWN, "proxy")).doesNotContain("-Xmx96m");
    }

    @Test
    void anotherGarbageCollectorReplacesTheDefault() {
        assertThat(new JavaFlags(Map.of("COHORT_PEER_JAVA_OPTS", "-XX:+UseG1GC")).of(OWN, "peer"))
                .containsExactly("-Xmx256m", "-XX:+UseG1GC");
    }

    @Test
    void refusesWordsThatAreNotFlags() {
        assertThatThrownBy(() -> new JavaFlags(Map.of("COHORT_PEER_JAVA_OPTS", "2g")).of(OWN, "peer"))
                .isInstanceOf(CommandException.class)
                .hasMessage("COHORT_PEER_JAVA_OPTS: 2g: must be a Java flag, such as -Xmx2g");
    }
}
