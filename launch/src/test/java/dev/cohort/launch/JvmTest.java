package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JvmTest {
    @AfterEach
    void forget() {
        System.clearProperty("cohort.archive");
    }

    @Test
    void everyProcessStartsWithTheArchiveOfTheCommand() {
        List<String> arguments = List.of("peer", "--run", "x");
        assertThat(Jvm.current().learning(1 << 28, 1, arguments)).noneMatch(word -> word.contains("SharedArchive"));
        System.setProperty("cohort.archive", "/a folder/cohort.jsa");
        assertThat(Jvm.current().learning(1 << 28, 1, arguments))
                .contains("-XX:SharedArchiveFile=/a folder/cohort.jsa");
        assertThat(Jvm.current().light(1 << 28, arguments)).contains("-XX:SharedArchiveFile=/a folder/cohort.jsa");
    }
}
