package dev.cohort.study.view;

import static dev.cohort.study.view.SampleRun.P1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricsCsvTest {
    private final RunView view = SampleRun.view();
    private final MetricsCsv csv = new MetricsCsv(2);

    private List<String> rows(Message message) {
        view.on(message, 0);
        return csv.rows(message, view);
    }

    @Test
    void hasARowOfAPeerEveryFewSteps() {
        assertThat(rows(SampleRun.prediction(P1, 1))).isEmpty();
        assertThat(rows(SampleRun.prediction(P1, 2))).isEmpty();
        assertThat(rows(SampleRun.prediction(P1, 3)))
                .containsExactly("step,2,,p1,0.666667,0.250000,0.500000,,0.00000,0.00000");
        assertThat(MetricsCsv.HEADER.split(",", -1)).hasSize(10);
    }

    @Test
    void hasARowOfEveryTestOnceAndOfTheEnsembleWhenAllAreIn() {
        double[] logits = {2, 0, 0, 2, 2, 0, 0, 2};
        assertThat(rows(SampleRun.evaluation("p1", 0, 0.5, logits)))
                .containsExactly("test,5,1,p1,0.700000,,,0.500000,,");
        assertThat(rows(SampleRun.evaluation("p1", 0, 0.5, logits))).isEmpty();
        assertThat(rows(SampleRun.evaluation("p2", 0, 0.75, logits)))
                .containsExactly("test,5,1,p2,0.700000,,,0.750000,,", "test,5,1,ensemble,,,,1.00000,,");
        assertThat(rows(SampleRun.evaluation(Evaluation.TEACHER, 0, 0.9)))
                .containsExactly("test,5,1,teacher,0.700000,,,0.900000,,");
    }
}
