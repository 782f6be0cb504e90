package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.DATA;
import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static dev.cohort.coordinator.Cohort.P3;
import static dev.cohort.coordinator.Cohort.SLOTS;
import static dev.cohort.coordinator.Cohort.WIDTH;
import static dev.cohort.coordinator.Cohort.batch;
import static dev.cohort.coordinator.Cohort.images;
import static dev.cohort.coordinator.Cohort.logits;
import static dev.cohort.coordinator.Cohort.only;
import static dev.cohort.coordinator.Cohort.outcome;
import static dev.cohort.coordinator.Cohort.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cohort.coordinator.follow.CoordinatorSetting;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A step whose teacher reads feature maps. */
class FeatureMapsTest {
    private static final String MAP = "map/last";
    private static final Ints ROW = Ints.of(2, 3, 1);
    private static final MapShapes SHAPES = MapShapes.alike(List.of(MAP), ROW, SLOTS);

    private final Coordinator coordinator = coordinator();

    private static Coordinator coordinator() {
        int[] widths = new int[SLOTS];
        Arrays.fill(widths, WIDTH);
        Experiment.Optimizer optimizer = new Experiment.Optimizer(
                0.1, 0, false, 0, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
        Teacher teacher = MethodCatalog.get("attention_transfer")
                .create(
                        new Experiment.Method("attention_transfer", Map.of()),
                        new TeacherSetting(SLOTS, Ints.of(widths), 2, 1, optimizer, DType.FLOAT32).withMaps(SHAPES));
        CoordinatorSetting setting = Cohort.setting(
                        "c1", Experiment.Pace.OnLoss.DROP, new Experiment.Elastic(2, SLOTS, 0, 0, 0), 0)
                .withMaps(SHAPES);
        Coordinator made = new Coordinator(setting, teacher);
        made.onCaughtUp(0);
        return made;
    }

    @BeforeEach
    void allHaveCome() {
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 0, joining(peer, new TreeMap<>(Map.of(MAP, ROW))));
        }
        send(coordinator, 0, batch(1));
    }

    private static Joining joining(PeerId peer, SortedMap<String, Ints> maps) {
        return new Joining(peer, 1, "resnet8", "cpu", false, WIDTH, maps, 0, DATA, 1, "djl");
    }

    /** A map of two images, and the messages that carry it. */
    private record Published(Tensor map, List<TensorPiece> pieces, Prediction prediction) {
        static Published of(PeerId peer, int slot, Tensor map) {
            TensorReference reference = TensorReference.of(map);
            return new Published(
                    map,
                    TensorPiece.of(1, 0, peer, slot, TensorPiece.Use.MAP, map, reference),
                    new Prediction(
                            1,
                            0,
                            peer,
                            1,
                            0,
                            NamedTensors.of(TensorName.LOGITS, logits(slot, 2, 2)),
                            new TreeMap<>(Map.of(MAP, reference)),
                            images(1),
                            Optional.empty()));
        }

        static Published of(PeerId peer, int slot) {
            double[] values = new SplittableRandom(slot).doubles(12, 0, 1).toArray();
            return of(peer, slot, Tensor.of(DType.FLOAT32, values, 2, 2, 3, 1));
        }

        Message[] all() {
            List<Message> all = new ArrayList<>(pieces);
            all.add(prediction);
            return all.toArray(new Message[0]);
        }
    }

    @Test
    void aStepWaitsForThePiecesOfEveryMapInWhateverOrderTheyCome() {
        Published first = Published.of(P1, 0);
        Published second = Published.of(P2, 1);
        Published third = Published.of(P3, 2);

        assertThat(only(Outcome.class, send(coordinator, 1, first.all()))).isEmpty();
        assertThat(only(Outcome.class, send(coordinator, 1, third.prediction(), second.prediction())))
                .isEmpty();
        assertThat(coordinator.status(2).waitingFor()).containsExactly(P2, P3);
        assertThat(only(Outcome.class, send(coordinator, 1, third.pieces().get(0))))
                .isEmpty();
        List<Message> published = send(coordinator, 1, second.pieces().get(0));

        Outcome outcome = outcome(published);
        assertThat(outcome.contributors())
                .extracting(Outcome.Contributor::tensors)
                .containsExactly(
                        first.prediction().digest(),
                        second.prediction().digest(),
                        third.prediction().digest());
        assertThat(send(coordinator, 2, outcome)).isEmpty();
        assertThat(coordinator.applied()).isEqualTo(1);
    }

    @Test
    void gradientsGoAheadInPiecesOfWhatTheTeacherComputed() {
        List<Published> all = List.of(Published.of(P1, 0), Published.of(P2, 1), Published.of(P3, 2));
        List<Message> published = new ArrayList<>();
        all.forEach(one -> published.addAll(send(coordinator, 1, one.all())));

        List<TensorPiece> pieces = only(TensorPiece.class, published);
        List<Addressed> parts = only(Addressed.class, published);
        assertThat(published).hasSize(7).startsWith(pieces.toArray(new Message[0]));
        assertThat(parts).extracting(Addressed::peer).containsExactly(P1, P2, P3);
        for (int slot = 0; slot < parts.size(); slot++) {
            Pieces read = new Pieces(1 << 20);
            read.add(pieces.get(slot));
            List<Term> terms =
                    MapGradients.joined(parts.get(slot).terms(), read).orElseThrow();
            assertThat(terms)
                    .filteredOn(Term.LeafGradient.class::isInstance)
                    .singleElement()
                    .satisfies(term -> {
                        Tensor gradient = ((Term.LeafGradient) term).gradient();
                        assertThat(gradient.shape()).isEqualTo(Ints.of(2, 2, 3, 1));
                        assertThat(gradient.toDoubles()).isNotEqualTo(new double[12]);
                    });
        }
    }

    @Test
    void aMapThatIsNotWhatThePredictionSaysEndsTheWaitForItsPeer() {
        Published good = Published.of(P1, 0);
        Published other = Published.of(P2, 1);
        TensorPiece forged = other.pieces().get(0);
        TensorPiece broken = new TensorPiece(
                1, 0, P1, 0, TensorPiece.Use.MAP, good.pieces().get(0).tensor(), 0, 1, forged.bytes());

        List<Message> published = send(coordinator, 1, broken, good.prediction());

        assertThat(only(Rejection.class, published)).singleElement().satisfies(rejection -> {
            assertThat(rejection.reason()).isEqualTo(Rejection.Reason.MALFORMED);
            assertThat(rejection.detail()).startsWith("map/last: its pieces have the digest ");
        });
        send(coordinator, 1, other.all());
        assertThat(Cohort.contributors(
                        outcome(send(coordinator, 1, Published.of(P3, 2).all()))))
                .containsExactly(P2, P3);
    }

    @Test
    void aMapThatIsNotFiniteIsRejected() {
        double[] values = new double[12];
        values[7] = Double.NaN;
        Published lost = Published.of(P1, 0, Tensor.of(DType.FLOAT32, values, 2, 2, 3, 1));

        assertThat(only(Rejection.class, send(coordinator, 1, lost.all())))
                .extracting(Rejection::reason, Rejection::detail)
                .containsExactly(
                        tuple(Rejection.Reason.NOT_FINITE, "tensor map/last: must hold neither NaN nor infinity"));
    }

    @Test
    void aMapOfAnotherShapeOrNoneIsRejected() {
        Published flat = Published.of(P1, 0, Tensor.of(DType.FLOAT32, new double[12], 2, 2, 1, 3));
        Prediction without = Cohort.prediction(P2, 1, 1);

        assertThat(only(Rejection.class, send(coordinator, 1, flat.all())))
                .extracting(Rejection::detail)
                .containsExactly("map/last FLOAT32[2, 2, 1, 3], must be [2, 2, 3, 1]");
        assertThat(only(Rejection.class, send(coordinator, 1, without)))
                .extracting(Rejection::detail)
                .containsExactly("map/last missing, must be [2, 2, 3, 1]");
    }

    @Test
    void newcomersWithoutTheMapAreRefused() {
        PeerId late = new PeerId("late");

        assertThat(only(Admitted.class, send(coordinator, 1, joining(late, new TreeMap<>()))))
                .extracting(Admitted::refusal)
                .containsExactly("no feature map map/last: slot 3 takes [2, 3, 1]; choose a model with such a map");
        assertThat(only(
                        Admitted.class,
                        send(
                                coordinator,
                                1,
                                joining(new PeerId("flat"), new TreeMap<>(Map.of(MAP, Ints.of(2, 1, 3)))))))
                .extracting(Admitted::refusal)
                .containsExactly(
                        "feature map map/last of shape [2, 1, 3]: slot 3 takes [2, 3, 1]; choose a model with such a map");
    }

    @Test
    void aCoordinatorThatReadsALogWithoutTheMapsOfAStepEndsWithTheReason() {
        List<Published> all = List.of(Published.of(P1, 0), Published.of(P2, 1), Published.of(P3, 2));
        List<Message> published = new ArrayList<>();
        all.forEach(one -> published.addAll(send(coordinator, 1, one.all())));
        Coordinator later = coordinator();
        send(
                later,
                1,
                batch(1),
                all.get(0).prediction(),
                all.get(1).prediction(),
                all.get(2).prediction());
        send(later, 1, outcome(published));
        Tensor map = all.get(0).map();
        TensorPiece next = TensorPiece.of(2, 0, P1, 0, TensorPiece.Use.MAP, map, TensorReference.of(map))
                .get(0);

        assertThatThrownBy(() -> send(later, 2, next))
                .isInstanceOf(NodeFailure.class)
                .hasMessageStartingWith("the teacher cannot be computed again from step 1 on: the log no longer has the"
                        + " feature maps of p1;");
    }

    @Test
    void piecesOfClosedStepsAndUnreadMapsAreNotHeld() {
        for (long step = 1; step <= 3; step++) {
            send(coordinator, step, batch(step));
        }
        Published first = Published.of(P1, 0);
        for (PeerId peer : List.of(P1, P2, P3)) {
            send(coordinator, 1, Published.of(peer, peer.equals(P1) ? 0 : 1).all());
        }
        int held = coordinator.stepsHeld();
        for (int i = 0; i < 1000; i++) {
            Tensor noise = Tensor.of(DType.FLOAT64, new double[] {i}, 1);
            send(
                    coordinator,
                    2,
                    TensorPiece.of(2, 0, P1, 0, TensorPiece.Use.MAP, noise, TensorReference.of(noise))
                            .get(0));
        }
        send(coordinator, 2, first.all());

        assertThat(coordinator.stepsHeld()).isEqualTo(held);
    }
}
