package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import dev.cohort.simulation.SimulatedLog.Entry;
import java.util.List;
import java.util.regex.Matcher;

/** A promise of the system. Receives every event and throws {@link Violation} when the promise is broken. */
interface Invariant {
    /** All promises, after the views of the log they are checked against. */
    static List<Invariant> all(Simulation simulation) {
        LogView log = new LogView();
        ReferenceTeacher teacher = new ReferenceTeacher(log, simulation.parts().teacher(), simulation.parts());
        ShadowPeers shadows = new ShadowPeers(log, simulation.parts());
        return List.of(
                log,
                new NothingRejectedIsAveraged(log, simulation.scenario()),
                new SlotsBeginAnew(),
                new TeacherIsBuiltFromItsContributors(log, teacher),
                teacher,
                new NoSeatIsTaken(simulation),
                shadows,
                new OneOutcomePerStep(simulation),
                new EnoughPeersAnswerEveryStep(log, simulation),
                new CoordinatorsAgreeOnTeacherState(simulation, teacher),
                new EachPeerTrainsAStepAtMostOnce(shadows),
                new AllPeersSeeTheSameOutcome(shadows),
                new EveryUpdateFollowsFromTheLog(shadows),
                new InFlightIsBounded(simulation, log),
                new NodesSleepUntilTheirDeadline(),
                new StepsAdvanceOnceFaultsEnd(log),
                new EverybodyIsHeardInTheEnd(simulation),
                new TheTeacherIsEvaluated(log),
                new LastWordsAreTrue(),
                new PeersWithTheSameHistoryEndWithTheSameWeights(),
                new ReplayFromAnyCheckpointGivesTheSameWeights());
    }

    /** A record was appended to the log. */
    default void appended(Entry entry) {}

    /** A peer's learner has made one update. */
    default void updated(PeerUpdate update) {}

    /** A peer's process has started. */
    default void started(PeerProcess peer) {}

    /** A node has handled a message or a deadline, and sent these messages. */
    default void worked(SimulatedProcess process, List<Message> sent) {}

    /** The run is over. */
    default void ended(Simulation simulation) {}

    default String name() {
        return getClass().getSimpleName();
    }

    /** Throws unless {@code holds}; {@code facts} replace the {@code {}}. */
    default void require(boolean holds, String what, Object... facts) {
        if (!holds) {
            String text = what;
            for (Object fact : facts) {
                text = text.replaceFirst("\\{}", Matcher.quoteReplacement(String.valueOf(fact)));
            }
            throw new Violation(name() + ": " + text);
        }
    }

    /** A promise was broken. */
    final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }
}
