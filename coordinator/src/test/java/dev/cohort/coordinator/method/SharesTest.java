package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SharesTest {
    private static final SoftLabels LABELS = new SoftLabels(2, List.of(Ints.of(0, 1)), List.of(1.0));

    /** Three peers, the second surest of the truth; features [2, 1] are 1, 0 and 2. */
    private static final Cohort COHORT = Cohort.of(LABELS, List.of(peer(1, 1), peer(3, 0), peer(-1, 2)));

    private static NamedTensors peer(double margin, double feature) {
        return Cohort.tensors(
                DType.FLOAT64, LABELS, new double[] {margin, 0, 0, margin}, new double[] {feature, feature});
    }

    private static Teacher teacher(String method, Map<String, String> parameters) {
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, parameters),
                        new TeacherSetting(3, Ints.of(1, 1, 1), 2, 1, Cohort.sgd(0, false, 0), DType.FLOAT64));
    }

    private static Shares shares(String method, Map<String, String> parameters) {
        Teacher teacher = teacher(method, parameters);
        return shares(teacher, teacher.initialState());
    }

    private static Shares shares(Teacher teacher, NamedTensors state) {
        Teacher.StepInput input = COHORT.input(0, 0.1);
        return teacher.shares(state, input, teacher.teach(state, input));
    }

    private static double share(Shares shares, int student, int teacher) {
        return shares.byStudent().getOrDefault(student, new TreeMap<>()).getOrDefault(teacher, 0.0);
    }

    @Test
    void aMeanWeighsNobody() {
        Shares shares = shares("mean_logit", Map.of());

        assertThat(shares.weighed()).isFalse();
        assertThat(shares.byStudent().get(0)).isEqualTo(Map.of(0, 1.0 / 3, 1, 1.0 / 3, 2, 1.0 / 3));
        assertThat(shares("mean_logit", Map.of("self", "false")).byStudent().get(0))
                .isEqualTo(Map.of(1, 0.5, 2, 0.5));
    }

    @Test
    void theBestPeerTeachesAlone() {
        assertThat(shares("kdcl_naive", Map.of()).byStudent().get(2)).isEqualTo(Map.of(0, 0.0, 1, 1.0, 2, 0.0));
        assertThat(share(shares("kdcl_linear", Map.of()), 0, 1)).isCloseTo(1, within(1e-9));
    }

    /** With W_q = W_k = 1, S_ab = f_a f_b: of student 0 the exponents are 1 and 0, of student 1 both 0; slot 2 leads. */
    @Test
    void auxiliaryPeersAttendAndTheLeaderLearnsFromAllAlike() {
        Teacher teacher = teacher("okddip", Map.of());
        NamedTensors ones = NamedTensors.of(PeerAttention.QUERY, one(teacher, PeerAttention.QUERY))
                .with(PeerAttention.KEY, one(teacher, PeerAttention.KEY));
        NamedTensors state = teacher.initialState();
        for (String name : ones.asMap().keySet()) {
            state = state.with(name, ones.get(name));
        }

        Shares shares = shares(teacher, state);

        assertThat(shares.weighed()).isTrue();
        assertThat(share(shares, 0, 0)).isCloseTo(0.731058578630, within(1e-9));
        assertThat(share(shares, 0, 1)).isCloseTo(0.268941421370, within(1e-9));
        assertThat(share(shares, 1, 0)).isCloseTo(0.5, within(1e-12));
        assertThat(shares.byStudent().get(2)).isEqualTo(Map.of(0, 0.5, 1, 0.5));
    }

    private static Tensor one(Teacher teacher, String name) {
        Tensor first = teacher.initialState().get(name);
        return Tensor.of(first.dtype(), new double[] {1}, 1, 1);
    }

    /** Equal weights of one ensemble of three and of the paths to the two others: (1/3, 1/3 + 1, 1/3 + 1) / 3. */
    @Test
    void aPathToTheEnsembleCountsForAllInIt() {
        Shares shares = shares("adaptive", Map.of("weights", "fixed", "features", "false"));

        assertThat(share(shares, 0, 0)).isCloseTo(1.0 / 9, within(1e-12));
        assertThat(share(shares, 0, 1)).isCloseTo(4.0 / 9, within(1e-12));
        assertThat(share(shares, 0, 2)).isCloseTo(4.0 / 9, within(1e-12));
    }

    @Test
    void whoLearnsFromItsOwnAverageImitatesNobody() {
        assertThat(shares("mean_teacher", Map.of()).byStudent()).isEmpty();
    }

    @Test
    void gatesAreTheSameForAllAndSumToOne() {
        Shares shares = shares("one", Map.of());

        assertThat(shares.weighed()).isTrue();
        assertThat(shares.byStudent().get(0)).isEqualTo(shares.byStudent().get(2));
        assertThat(share(shares, 0, 0) + share(shares, 0, 1) + share(shares, 0, 2))
                .isCloseTo(1, within(1e-9));
    }
}
