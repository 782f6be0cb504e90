package dev.cohort.runtime.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinksTest {
    @Test
    void areReadBackAsWritten(@TempDir Path folder) throws IOException {
        Links links = Links.choose(List.of("coordinator", "p1"));
        Path file = Files.writeString(folder.resolve("links.json"), links.json());
        assertThat(Links.read(file)).isEqualTo(links);
        assertThat(links.of("p1")).contains(links.all().get(1));
        assertThat(links.of("p2")).isEmpty();
    }

    @Test
    void haveDistinctPorts() {
        Links links = Links.choose(IntStream.range(0, 40).mapToObj(i -> "p" + i).toList());
        List<Integer> ports = links.all().stream()
                .flatMap(l -> Stream.of(l.port(), l.brokerPort()))
                .toList();
        assertThat(ports).doesNotHaveDuplicates().doesNotContain(links.controlPort());
    }

    @Test
    void nameAnInvalidFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("links.json"), "{ \"links\": 3");
        assertThatThrownBy(() -> Links.read(file))
                .hasMessageContaining("links file " + file + ": not written by run --proxy");
        Path wrong = Files.writeString(folder.resolve("wrong.json"), "{\"links\": [{\"process\": \"p1\"}]}");
        assertThatThrownBy(() -> Links.read(wrong)).hasMessageContaining("port 0: must be 1..65535");
    }
}
