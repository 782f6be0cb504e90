package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KdclGeneralTest {
    private static final int C = 3;
    private static final int SLOTS = 4;
    private static final Ints HELD_OUT = Ints.of(0, 1, 2, 1, 0);
    private static final SoftLabels LABELS = new SoftLabels(C, List.of(Ints.of(0, 1, 2, 0)), List.of(1.0));

    private static Teacher teacher() {
        return MethodCatalog.get("kdcl_general")
                .create(
                        new Experiment.Method("kdcl_general", Map.of()),
                        new TeacherSetting(
                                SLOTS,
                                SLOTS,
                                Ints.of(1, 1, 1, 1),
                                C,
                                1,
                                Cohort.sgd(0, false, 0),
                                DType.FLOAT64,
                                HELD_OUT));
    }

    private static double[] opinion(long seed) {
        return new SplittableRandom(seed)
                .doubles((long) HELD_OUT.size() * C, -2, 2)
                .toArray();
    }

    /** The input of a batch that ends an epoch. */
    private static Teacher.StepInput ending(Cohort cohort, List<double[]> opinions) {
        Teacher.StepInput input = cohort.input(0, 0.1);
        List<Teacher.PeerPrediction> all = new ArrayList<>();
        for (int i = 0; i < opinions.size(); i++) {
            Teacher.PeerPrediction vote = input.predictions().get(i);
            Tensor heldOut = Tensor.of(DType.FLOAT64, opinions.get(i), HELD_OUT.size(), C);
            all.add(new Teacher.PeerPrediction(
                    vote.peer(), vote.slot(), vote.tensors().with(TensorName.VALIDATION, heldOut)));
        }
        return new Teacher.StepInput(input.step(), 0, 0.1, input.labels(), all);
    }

    private static double[] alpha(Teacher.TeacherStep lesson, int peers) {
        Term.GatedCrossEntropy record = (Term.GatedCrossEntropy) lesson.terms().get(1);
        assertThat(record.weight()).as("a record, not a loss").isZero();
        double[] all = record.gates().toDoubles();
        double[] first = Arrays.copyOf(all, peers);
        for (int row = 1; row < LABELS.rows(); row++) {
            assertThat(Arrays.copyOfRange(all, row * peers, (row + 1) * peers)).isEqualTo(first);
        }
        return first;
    }

    @Test
    void weighsTheClosedCaseAsOnPaper() {
        double[] errors = {0.2, 0.05, 0.05, 0.1};

        double[] alpha = KdclGeneral.alpha(errors, 2);

        assertThat(alpha).containsExactly(new double[] {0.25, 0.75}, within(1e-15));
        double value = 0;
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 2; j++) {
                value += alpha[i] * alpha[j] * errors[2 * i + j];
            }
        }
        assertThat(value).isCloseTo(0.0875, within(1e-15));
    }

    @Test
    void weighsEqualPeersEqually() {
        double[] same = opinion(3);
        double[] errors = KdclGeneral.errors(List.of(same, same, opinion(4)), dense(), C);

        assertThat(KdclGeneral.alpha(errors, 3)).containsExactly(1.0 / 3, 1.0 / 3, 1.0 / 3);
    }

    private static double[] dense() {
        double[] dense = new double[HELD_OUT.size() * C];
        for (int i = 0; i < HELD_OUT.size(); i++) {
            dense[i * C + HELD_OUT.get(i)] = 1;
        }
        return dense;
    }

    @Test
    void isUniformUntilAnEpochIsOverAndThenWeighsByErrors() {
        Teacher teacher = teacher();
        Cohort cohort = Cohort.random(1, LABELS, List.of(0, 1, 3), 1);
        List<double[]> opinions = List.of(opinion(5), opinion(6), opinion(7));

        Teacher.TeacherStep first = teacher.teach(teacher.initialState(), ending(cohort, opinions));
        Teacher.TeacherStep second = teacher.teach(first.next(), cohort.input(1, 0.1));

        assertThat(alpha(first, 3)).containsExactly(new double[] {1.0 / 3, 1.0 / 3, 1.0 / 3}, within(1e-15));
        assertThat(alpha(second, 3))
                .containsExactly(KdclGeneral.alpha(KdclGeneral.errors(opinions, dense(), C), 3), within(1e-12));
        assertThat(alpha(second, 3)[0]).isNotCloseTo(1.0 / 3, within(1e-3));
        assertThat(second.next()).as("kept until the next epoch is over").isEqualTo(first.next());
    }

    @Test
    void weighsASubsetByItsOwnErrorsAndAStrangerUniformly() {
        Teacher teacher = teacher();
        List<double[]> opinions = List.of(opinion(5), opinion(6), opinion(7));
        NamedTensors state = teacher.teach(
                        teacher.initialState(), ending(Cohort.random(1, LABELS, List.of(0, 1, 3), 1), opinions))
                .next();

        Cohort without = Cohort.random(2, LABELS, List.of(0, 3), 1);
        Cohort stranger = Cohort.random(2, LABELS, List.of(0, 2), 1);

        assertThat(alpha(teacher.teach(state, without.input(1, 0.1)), 2))
                .containsExactly(
                        KdclGeneral.alpha(KdclGeneral.errors(List.of(opinions.get(0), opinions.get(2)), dense(), C), 2),
                        within(1e-12));
        assertThat(alpha(teacher.teach(state, stranger.input(1, 0.1)), 2)).containsExactly(0.5, 0.5);
    }

    /** A peer that was not there when an epoch ended is unknown for the next one, however it was known before. */
    @Test
    void forgetsWhoWasSilentAtTheEndOfAnEpoch() {
        Teacher teacher = teacher();
        Cohort all = Cohort.random(1, LABELS, List.of(0, 1, 3), 1);
        Cohort two = Cohort.random(2, LABELS, List.of(0, 3), 1);
        NamedTensors first = teacher.teach(
                        teacher.initialState(), ending(all, List.of(opinion(5), opinion(6), opinion(7))))
                .next();

        NamedTensors second = teacher.teach(first, ending(two, List.of(opinion(8), opinion(9))))
                .next();

        assertThat(alpha(teacher.teach(second, all.input(2, 0.1)), 3))
                .containsExactly(new double[] {1.0 / 3, 1.0 / 3, 1.0 / 3}, within(1e-15));
        assertThat(alpha(teacher.teach(second, two.input(2, 0.1)), 2))
                .containsExactly(
                        KdclGeneral.alpha(KdclGeneral.errors(List.of(opinion(8), opinion(9)), dense(), C), 2),
                        within(1e-12));
    }

    /** Sum 1, and C alpha the same for every peer: that is where alpha' C alpha is least. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void errsLeastOfAllCombinations(long seed) {
        int peers = 4;
        List<double[]> opinions = List.of(opinion(seed), opinion(seed + 10), opinion(seed + 20), opinion(seed + 30));
        double[] errors = KdclGeneral.errors(opinions, dense(), C);

        double[] alpha = KdclGeneral.alpha(errors, peers);

        assertThat(Arrays.stream(alpha).sum()).isCloseTo(1, within(1e-12));
        double least = products(errors, alpha)[0];
        assertThat(products(errors, alpha))
                .containsExactly(new double[] {least, least, least, least}, within(1e-9 * Math.max(1, norm(alpha))));
    }

    private static double[] products(double[] errors, double[] alpha) {
        double[] products = new double[alpha.length];
        for (int i = 0; i < errors.length; i++) {
            products[i / alpha.length] += errors[i] * alpha[i % alpha.length];
        }
        return products;
    }

    private static double norm(double[] alpha) {
        return Arrays.stream(alpha).map(Math::abs).sum();
    }

    @Test
    void goesOnFromASnapshotAsIfNothingHadHappened() {
        Teacher teacher = teacher();
        Cohort cohort = Cohort.random(1, LABELS, List.of(0, 1, 3), 1);
        NamedTensors state = teacher.teach(
                        teacher.initialState(), ending(cohort, List.of(opinion(5), opinion(6), opinion(7))))
                .next();
        MessageCodec codec = new MessageCodec("run", Limits.DEFAULT);

        Decoding read = codec.decode(codec.encode(new Snapshot(8, state, Teacher.hash(state)), "c1"));

        assertThat(read).isInstanceOfSatisfying(Decoding.Accepted.class, accepted -> {
            Snapshot snapshot = (Snapshot) accepted.message();
            assertThat(Teacher.hash(snapshot.state())).isEqualTo(snapshot.hash());
            assertThat(teacher().teach(snapshot.state(), cohort.input(1, 0.1)))
                    .isEqualTo(teacher.teach(state, cohort.input(1, 0.1)));
        });
    }

    @Test
    void isEvaluatedWithTheWeightsThatHoldFromTheNextBatchOn() {
        Teacher teacher = teacher();
        Cohort cohort = Cohort.random(1, LABELS, List.of(0, 3), 1);
        List<double[]> opinions = List.of(opinion(5), opinion(6));
        NamedTensors state =
                teacher.teach(teacher.initialState(), ending(cohort, opinions)).next();
        SortedMap<Integer, NamedTensors> test =
                PredictionMatrices.bySlot(cohort.input(0, 0.1).predictions());
        double[] alpha = KdclGeneral.alpha(KdclGeneral.errors(opinions, dense(), C), 2);

        assertThat(teacher.evaluate(state, test).orElseThrow().toDoubles())
                .containsExactly(
                        PredictionMatrices.combined(List.of(cohort.logits(0), cohort.logits(1)), alpha), within(1e-12));
        assertThat(teacher.evaluate(teacher.initialState(), test).orElseThrow().toDoubles())
                .containsExactly(PredictionMatrices.mean(List.of(cohort.logits(0), cohort.logits(1))), within(1e-12));
        assertThat(teacher.evaluate(state, new TreeMap<>())).isEmpty();
    }

    @Test
    void theRecordOfItsWeightsTeachesNothing() {
        Teacher teacher = teacher();
        Cohort cohort = Cohort.random(1, LABELS, List.of(0, 1), 1);
        Teacher.TeacherStep lesson = teacher.teach(teacher.initialState(), cohort.input(0, 0.1));
        Teacher.TeacherStep without =
                new Teacher.TeacherStep(1, lesson.terms().subList(0, 1), lesson.addressed(), lesson.next());

        assertThat(cohort.objective(1, lesson).logitsGradient())
                .isEqualTo(cohort.objective(1, without).logitsGradient());
    }
}
