package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScalarEventsTest {
    /** Two events as TensorBoard 2.21.0 itself writes them (its {@code RecordWriter} and {@code Event}). */
    private static final String GOLDEN =
            "1800000000000000a37f4b220908ac5cff7ec2da411a0d627261696e2e4576656e743a328c9defc4"
                    + "2500000000000000eabc36f3090000a0ff7ec2da4110c0022a170a150a0e747261696e2f6163637572616379150000183f758d99c9";

    private static final Ints TEST_LABELS = Ints.of(0, 1, 2, 0);

    @TempDir
    private Path folder = Path.of("");

    /** One number of a file. */
    private record Scalar(double second, long step, String tag, float value) {}

    private static Path file(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads events of the form that {@link EventFile} writes, all but the first, and their checksums. */
    private static List<Scalar> read(Path folder) {
        try {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file(folder))).order(ByteOrder.LITTLE_ENDIAN);
            List<Scalar> scalars = new ArrayList<>();
            while (all.hasRemaining()) {
                byte[] event = new byte[Math.toIntExact(all.getLong())];
                all.getInt();
                all.get(event);
                assertThat(all.getInt()).isEqualTo(EventFile.masked(event));
                scalars.add(scalar(ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN)));
            }
            return scalars.subList(1, scalars.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Scalar scalar(ByteBuffer event) {
        event.get();
        double second = event.getDouble();
        if (event.get() == 0x1a) {
            return new Scalar(second, -1, "version", 0);
        }
        long step = varint(event);
        event.position(event.position() + 5);
        byte[] tag = new byte[event.get()];
        event.get(tag);
        event.get();
        return new Scalar(second, step, new String(tag, StandardCharsets.UTF_8), event.getFloat());
    }

    private static long varint(ByteBuffer from) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = from.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static List<Scalar> of(List<Scalar> scalars, String tag) {
        return scalars.stream().filter(s -> s.tag().equals(tag)).toList();
    }

    private List<String> written(ListedLog log) {
        try (ScalarEvents events = new ScalarEvents(log, folder)) {
            return events.write(new EnsembleMembers(SmallRun.PEERS), TEST_LABELS, SmallRun.CLASSES, step -> {});
        }
    }

    @Test
    void aFileIsByteForByteWhatTensorBoardWrites() throws IOException {
        try (EventFile file = new EventFile(folder, 1_795_816_445_448L)) {
            file.scalar(320, 1_795_816_446_500L, "train/accuracy", 0.59375);
        }

        assertThat(file(folder).getFileName()).hasToString("events.out.tfevents.1795816445.cohort");
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file(folder)))).isEqualTo(GOLDEN);
    }

    @Test
    void everyStepAndTestOfEachPeerAndOfTheEnsembleIsThere() {
        assertThat(written(new SmallRun().log("mean_logit")))
                .containsExactly("_ensemble", "_ensemble_of_logits", "p1", "p2", "p3");

        List<Scalar> p2 = read(folder.resolve("p2"));
        assertThat(of(p2, "train/accuracy")).hasSize(SmallRun.STEPS);
        assertThat(of(p2, "train/nll"))
                .extracting(Scalar::step)
                .startsWith(1L, 2L)
                .endsWith((long) SmallRun.STEPS);
        assertThat(of(p2, "test/accuracy")).singleElement().satisfies(s -> {
            assertThat(s.step()).isEqualTo(SmallRun.STEPS);
            assertThat(s.value()).isEqualTo(0.5f);
        });
        List<Scalar> ensemble = read(folder.resolve("_ensemble"));
        assertThat(of(ensemble, "train/accuracy")).hasSize(SmallRun.STEPS);
        assertThat(of(ensemble, "test/disagreement")).hasSize(1);
    }

    @Test
    void theNumbersAreThoseOfTheDynamics() {
        ListedLog log = new SmallRun().log("mean_logit");
        written(log);

        DynamicsHistory.of(log, new EnsembleMembers(SmallRun.PEERS), TEST_LABELS, SmallRun.CLASSES, point -> {
            Dynamics d = point.dynamics();
            List<Scalar> ensemble = read(folder.resolve("_ensemble"));
            assertThat(of(ensemble, "test/nll").get(0).value())
                    .isEqualTo((float) d.byProbability().negativeLogLikelihood());
            assertThat(of(ensemble, "test/oracle").get(0).value()).isEqualTo((float) d.oracle());
            assertThat(of(read(folder.resolve("p3")), "test/leave_one_out")
                            .get(0)
                            .value())
                    .isEqualTo((float) (double) d.leaveOneOut().get(2));
        });
        double own = RecentWorth.of(log, SmallRun.CLASSES, SmallRun.STEPS)
                .members()
                .get(0)
                .ownLoss();
        assertThat(of(read(folder.resolve("p1")), "train/nll").stream()
                        .mapToDouble(Scalar::value)
                        .average())
                .hasValueCloseTo(own, within(1e-6));
    }

    @Test
    void anIncompleteEnsembleIsNoPointOfItsCurve() {
        ListedLog log = new SmallRun().log("mean_logit");
        log.change(
                Prediction.class,
                message -> message.filter(p -> p.step() != 5 || !p.peer().equals(SmallRun.PEERS.get(0))));
        written(log);

        assertThat(of(read(folder.resolve("_ensemble")), "train/nll"))
                .extracting(Scalar::step)
                .hasSize(SmallRun.STEPS - 1)
                .doesNotContain(5L);
        assertThat(of(read(folder.resolve("p2")), "train/nll")).hasSize(SmallRun.STEPS);
    }

    @Test
    void aPointStandsWhereTheBrokerTookIt() {
        ListedLog log = new SmallRun().log("mean_logit");
        log.change(Outcome.class, message -> message.filter(o -> o.step() > 2));
        written(log);

        // In this log, the time of a record is its offset.
        assertThat(of(read(folder.resolve("p2")), "train/nll").get(0).second()).isEqualTo(0.002);
    }
}
