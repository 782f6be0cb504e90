package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.tables.Column;
import dev.cohort.study.tables.Database;
import dev.cohort.study.tables.Schema;
import dev.cohort.study.tables.Table;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import org.duckdb.DuckDBDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablesTest {
    private static final String EXPERIMENT = """
            run: {name: small, seed: 1, steps: 12, batch_size: 4}
            data: {name: fashion-mnist}
            method: {name: one}
            peers:
              - {id: p1, model: resnet8}
              - {id: p2, model: resnet8}
              - {id: p3, model: resnet8}
              - {id: control, model: resnet8, control: true}
            """;
    private static final int PEERS = SmallRun.PEERS.size();
    private static final double ROUNDING = 1e-9;

    @TempDir
    private Path folder = Path.of("");

    private static Manifest manifest() {
        return new Manifest(
                Manifest.PROTOCOL_VERSION,
                EXPERIMENT,
                SmallRun.CLASSES,
                new ImageShape(2, 2, 1),
                new Normalisation(List.of(0.5), List.of(0.5)),
                Digest.ofBytes(new byte[Digest.BYTES]),
                3,
                Ints.of(0, 1, 2, 0),
                Ints.of(),
                Ints.of(SmallRun.WIDTH, SmallRun.WIDTH, SmallRun.WIDTH),
                SmallRun.STEPS);
    }

    private static Database database(RecordedLog log, Optional<String> sql) {
        return Database.of(log, manifest(), ExperimentYaml.read(EXPERIMENT), sql, step -> {});
    }

    /** Rows of a query result, empty cells as "-". */
    private static List<List<String>> ask(RecordedLog log, String sql) {
        List<List<String>> rows = new ArrayList<>();
        try (Database tables = database(log, Optional.of(sql))) {
            tables.query(sql, new Database.Answer() {
                @Override
                public void columns(List<String> names, List<String> types) {}

                @Override
                public void row(List<Optional<Object>> cells) {
                    rows.add(cells.stream()
                            .map(c -> c.map(Object::toString).orElse("-"))
                            .toList());
                }
            });
        }
        return rows;
    }

    private static double number(RecordedLog log, String sql) {
        return Double.parseDouble(ask(log, sql).get(0).get(0));
    }

    @Test
    void describesEveryColumnOnThePage() throws IOException {
        Path page = Path.of("..", "docs", "tables.md");

        assertThat(Files.readString(page))
                .as("write Schema.page() to docs/tables.md; an export holds it as tables.md")
                .isEqualTo(Schema.page());
        assertThat(Schema.TABLES)
                .allSatisfy(t -> assertThat(t.columns())
                        .allSatisfy(c -> assertThat(c.meaning())
                                .as(t.name() + "." + c.name())
                                .isNotEmpty()));
    }

    @Test
    void exportsEveryTableWithItsColumnsAndRows() throws IOException, SQLException {
        try (Database tables = database(new SmallRun().log("one"), Optional.empty())) {
            tables.export(folder.resolve("out"));
        }

        try (Connection other = Optional.ofNullable(new DuckDBDriver().connect("jdbc:duckdb:", new Properties()))
                .orElseThrow()) {
            for (Table table : Schema.TABLES) {
                Path csv = folder.resolve("out").resolve(table.name() + ".csv");
                assertThat(Files.readAllLines(csv, StandardCharsets.UTF_8).get(0))
                        .isEqualTo(String.join(
                                ",", table.columns().stream().map(Column::name).toList()));
                String parquet = "'" + folder.resolve("out").resolve(table.name() + ".parquet") + "'";
                List<String> described = new ArrayList<>();
                try (ResultSet columns = other.createStatement().executeQuery("DESCRIBE SELECT * FROM " + parquet)) {
                    while (columns.next()) {
                        described.add(columns.getString(1) + " " + columns.getString(2));
                    }
                }
                assertThat(described)
                        .isEqualTo(table.columns().stream()
                                .map(c -> c.name() + " " + c.type().sql())
                                .toList());
                if (!table.name().equals("members") && !table.name().equals("damage")) {
                    try (ResultSet count = other.createStatement().executeQuery("SELECT count(*) FROM " + parquet)) {
                        assertThat(count.next()).isTrue();
                        assertThat(count.getLong(1)).as(table.name()).isPositive();
                    }
                }
            }
        }
        assertThat(folder.resolve("out").resolve("tables.md")).hasContent(Schema.page());
    }

    @Test
    void hasTheFiguresOfEveryPrediction() {
        SmallRun run = new SmallRun();
        ListedLog log = run.log("one");
        double[] z = logitsOf(log, 3);
        int[] labels = {0, 1, 2, 0};
        double loss = 0;
        double entropy = 0;
        for (int row = 0; row < SmallRun.ROWS; row++) {
            double sum = 0;
            for (int c = 0; c < SmallRun.CLASSES; c++) {
                sum += Math.exp(z[row * SmallRun.CLASSES + c]);
            }
            loss -= Math.log(Math.exp(z[row * SmallRun.CLASSES + labels[row]]) / sum) / SmallRun.ROWS;
            for (int c = 0; c < SmallRun.CLASSES; c++) {
                double p = Math.exp(z[row * SmallRun.CLASSES + c]) / sum;
                entropy -= p * Math.log(p) / SmallRun.ROWS;
            }
        }

        String where = " from predictions where step = 3 and peer = 'p1' and counts";
        assertThat(number(log, "select loss" + where)).isCloseTo(loss, within(ROUNDING));
        assertThat(number(log, "select entropy" + where)).isCloseTo(entropy, within(ROUNDING));
        assertThat(number(log, "select count(*) from predictions")).isEqualTo(PEERS * SmallRun.STEPS);
    }

    private static double[] logitsOf(ListedLog log, long step) {
        List<double[]> found = new ArrayList<>();
        log.change(Prediction.class, p -> {
            p.filter(message -> message.step() == step && message.peer().equals(SmallRun.PEERS.get(0)))
                    .ifPresent(message -> found.add(message.logits().toDoubles()));
            return p;
        });
        return found.get(0);
    }

    @Test
    void marksWhatCountsAndWhatCameTooLate() {
        SmallRun run = new SmallRun();
        ListedLog log = run.log("mean_logit");
        log.append(run.prediction(SmallRun.PEERS.get(0), 5));
        log.append(new Outcome(
                5,
                0,
                "c2",
                Digest.ofBytes(new byte[Digest.BYTES]),
                List.of(),
                new Outcome.Skipped(Outcome.SkipReason.TOO_FEW)));

        assertThat(ask(log, "select step, peer from predictions where not counts"))
                .isEqualTo(List.of(List.of("5", "p1")));
        assertThat(ask(log, "select step, coordinator, reason, label_weight from outcomes where not counts"))
                .isEqualTo(List.of(List.of("5", "c2", "too_few", "-")));
        assertThat(number(log, "select count(*) from steps")).isEqualTo(SmallRun.STEPS);
    }

    @Test
    void leavesCellsEmptyWhereTheLogHasLost() {
        ListedLog log = new SmallRun().log("mean_logit");
        log.change(
                Prediction.class,
                p -> p.filter(message ->
                        message.step() != 4 || !message.peer().value().equals("p2")));
        log.change(Batch.class, b -> b.filter(batch -> batch.step() != 7));
        log.putFirst(new RecordedLog.Unreadable(Topic.PREDICTIONS, 0, 9, OptionalLong.of(11), "bad checksum"));

        assertThat(ask(log, "select step, whole, ensemble_loss, epoch from steps where not whole"))
                .satisfies(rows -> assertThat(rows.get(0)).startsWith("4", "false", "-"))
                .satisfies(rows -> assertThat(rows.get(1)).isEqualTo(List.of("7", "false", "-", "-")));
        assertThat(ask(log, "select peer, recorded, same from contributors where step = 4 order by slot"))
                .isEqualTo(List.of(
                        List.of("p1", "true", "true"), List.of("p2", "false", "-"), List.of("p3", "true", "true")));
        assertThat(ask(log, "select distinct loss, accuracy, rendered from predictions where step = 7"))
                .isEqualTo(List.of(List.of("-", "-", "-")));
        assertThat(ask(log, "select topic, from_offset, to_offset, kind, detail from damage"))
                .isEqualTo(List.of(List.of("predictions", "9", "11", "unreadable", "bad checksum")));
    }

    @Test
    void agreesWithDynamics() {
        ListedLog log = new SmallRun().log("one");
        List<DynamicsHistory.Point> points = new ArrayList<>();
        DynamicsHistory.of(
                log, new EnsembleMembers(SmallRun.PEERS), manifest().testLabels(), SmallRun.CLASSES, points::add);
        Dynamics dynamics = points.get(0).dynamics();

        assertThat(number(log, "select variance from dynamics")).isEqualTo(dynamics.variance());
        assertThat(number(log, "select leave_one_out from worth where peer = 'p2'"))
                .isEqualTo(dynamics.leaveOneOut().get(1));
        assertThat(number(log, "select kl from pairs where peer = 'p3' and other = 'p1'"))
                .isEqualTo(dynamics.divergence().get(2).get(0));
        assertThat(number(log, "select count(*) from pairs")).isEqualTo(PEERS * (PEERS - 1));
        // Brier(mean p) = mean of the Briers - variance.
        assertThat(number(
                        log,
                        "select avg(w.brier) - any_value(d.brier) - any_value(d.variance) from worth w, dynamics d"))
                .isCloseTo(0, within(ROUNDING));
    }

    @Test
    void readsOnlyTheTablesThatAQueryNames() {
        ListedLog all = new SmallRun().log("one");
        ask(all, "select 1 from predictions, outcomes, members limit 1");
        ListedLog few = new SmallRun().log("one");
        ask(few, "select count(*) from outcomes");

        assertThat(few.read()).isEqualTo(SmallRun.STEPS);
        assertThat(all.read()).isGreaterThan(few.read());
    }

    @Test
    void allowsNeitherWritesNorFileAccess() {
        ListedLog log = new SmallRun().log("one");
        Path there = folder.resolve("stolen.csv");

        for (String sql : List.of(
                "delete from steps",
                "drop table steps",
                "copy steps to '" + there + "'",
                "select * from read_text('../pom.xml')",
                "attach '" + folder.resolve("other.db") + "'",
                "set enable_external_access = true")) {
            assertThatThrownBy(() -> ask(log, sql)).as(sql).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(there).doesNotExist();
    }

    @Test
    void explainsAnInvalidQuery() {
        assertThatThrownBy(() -> ask(new SmallRun().log("one"), "select peeer from predictions"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("peeer")
                .hasMessageContaining("docs/tables.md");
    }

    @Test
    void writesIntoNoFolderThatHoldsSomething() throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "precious");

        assertThatThrownBy(() -> Database.makeEmpty(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not empty");
    }

    @Test
    void keepsTheLabelsOfABoundedNumberOfSteps() {
        ListedLog log = new ListedLog(1);
        int window = 4096;
        for (long step = 1; step <= window + 2; step++) {
            log.append(SmallRun.batch(step));
        }
        SmallRun run = new SmallRun();
        log.append(run.prediction(SmallRun.PEERS.get(0), window + 2));
        log.append(run.prediction(SmallRun.PEERS.get(0), 2));
        log.append(run.prediction(SmallRun.PEERS.get(0), 3));

        assertThat(ask(log, "select step, loss is null from predictions order by log_offset"))
                .isEqualTo(List.of(
                        List.of(Integer.toString(window + 2), "false"), List.of("2", "true"), List.of("3", "false")));
    }
}
