package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.study.tables.Database;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RowsTest {
    private static List<String> printed(Function<PrintStream, Database.Answer> answer, int rows) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            Database.Answer to = answer.apply(out);
            to.columns(List.of("peer", "loss"), List.of("varchar", "double"));
            for (int i = 0; i < rows; i++) {
                to.row(List.of(Optional.of("p" + i), i == 1 ? Optional.empty() : Optional.of(0.5 + i)));
            }
            if (to instanceof TextRows text) {
                text.end();
            }
        }
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void printsColumnsForPeople() {
        assertThat(printed(TextRows::new, 2)).containsExactly("peer  loss", "p0    0.500000", "p1    -", "2 rows");
    }

    @Test
    void printsAnyNumberOfRows() {
        assertThat(printed(TextRows::new, 2_500)).hasSize(2_502).contains("p2499  2499.50");
    }

    @Test
    void printsAnObjectALine() {
        assertThat(printed(out -> new JsonRows("r", out), 2))
                .containsExactly(
                        "{\"run\":\"r\",\"columns\":[{\"name\":\"peer\",\"type\":\"varchar\"},{\"name\":\"loss\",\"type\":\"double\"}]}",
                        "{\"peer\":\"p0\",\"loss\":0.5}",
                        "{\"peer\":\"p1\",\"loss\":null}");
    }

    @Test
    void writesNonFiniteNumbersAsText() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            JsonRows rows = new JsonRows("r", out);
            rows.columns(List.of("x"), List.of("double"));
            rows.row(List.of(Optional.of(Double.NaN)));
        }

        assertThat(bytes.toString(StandardCharsets.UTF_8)).endsWith("{\"x\":\"NaN\"}\n");
    }
}
