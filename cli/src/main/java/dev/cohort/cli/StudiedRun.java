package dev.cohort.cli;

import dev.cohort.cli.role.CoordinatorRole;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.replay.Lessons;
import dev.cohort.replay.TestHistory;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * What the log of a run says about its ensemble.
 *
 * @param tests of the contributors that the experiment names
 * @param lessons of all steps
 */
record StudiedRun(TestHistory tests, Lessons.Account lessons) {
    /**
     * Reads the log, twice: its tests and its steps.
     *
     * @param progress told every step
     */
    static StudiedRun of(RecordedRun.Opened opened, LongConsumer progress) {
        Set<PeerId> peers = new TreeSet<>();
        opened.experiment().contributors().stream().map(Experiment.Peer::id).forEach(peers::add);
        TestHistory tests = TestHistory.of(
                opened.log(),
                peers,
                opened.manifest().testLabels(),
                opened.manifest().classes());
        Lessons lessons = new Lessons(
                opened.log(),
                CoordinatorRole.teacher(opened.manifest(), opened.experiment()),
                CoordinatorRole.learningRate(opened.manifest(), opened.experiment())::at,
                opened.manifest().trainImages(),
                opened.manifest().steps());
        return new StudiedRun(tests, lessons.account(progress));
    }
}
