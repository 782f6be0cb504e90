package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.study.EnsembleMembers;
import dev.cohort.study.TeachingHistory;
import dev.cohort.study.TestHistory;
import dev.cohort.study.Timeline;
import dev.cohort.study.view.DynamicsJson;
import dev.cohort.study.view.DynamicsPage;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * The ensemble of a run as its log shows it.
 *
 * @param opened log of the run
 * @param tests of the members of the ensemble
 * @param teaching of all steps
 */
public record StudiedRun(OpenRun opened, TestHistory tests, TeachingHistory.Account teaching) {
    /**
     * Reads the log: its outcomes, its tests and its steps.
     *
     * @param progress takes every step
     */
    public static StudiedRun of(OpenRun opened, LongConsumer progress) {
        TestHistory tests = TestHistory.of(
                opened.log(),
                EnsembleMembers.of(opened.log(), opened.experiment()),
                opened.manifest().testLabels(),
                opened.manifest().classes());
        TeachingHistory teaching = new TeachingHistory(
                opened.log(),
                RunTeacher.of(opened.manifest(), opened.experiment()),
                RunSchedule.learningRate(opened.manifest(), opened.experiment()),
                opened.manifest().trainImages(),
                opened.manifest().steps());
        return new StudiedRun(opened, tests, teaching.account(progress));
    }

    /** The JSON object that {@code --format json} prints. */
    public ObjectNode json() {
        ObjectNode json = DynamicsJson.of(
                opened.log().runId(),
                tests,
                teaching,
                opened.manifest().testLabels().stream().boxed().toList());
        json.set("studiable", studiable().json());
        return json;
    }

    /** Which steps could be studied. */
    public Studiable studiable() {
        return Studiable.of(opened, teaching.studied());
    }

    /**
     * A self-contained page with charts.
     *
     * @param scenarios to include
     */
    public String html(Optional<Scenarios> scenarios) {
        Experiment experiment = opened.experiment();
        String models = experiment.contributors().stream()
                .map(p -> p.id() + " (" + p.model() + ")")
                .collect(Collectors.joining(", "));
        ObjectNode data = json();
        scenarios.ifPresent(s -> data.setAll(s.json()));
        return DynamicsPage.html(
                new DynamicsPage.Facts(
                        experiment.method().name(),
                        models,
                        opened.manifest().steps(),
                        opened.manifest().experiment()),
                data,
                tests.points(),
                Timeline.of(opened.log()),
                fingerprint());
    }

    private Fingerprint fingerprint() {
        Fingerprint fingerprint = new Fingerprint();
        opened.each(Topic.BATCHES, message -> {
            if (message instanceof Batch batch) {
                fingerprint.batch(batch);
            }
        });
        opened.each(Topic.OUTCOMES, message -> {
            if (message instanceof Outcome outcome) {
                fingerprint.outcome(outcome);
            }
        });
        return fingerprint;
    }
}
