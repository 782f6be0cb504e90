package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import java.util.List;

/** A node that asks to be called does something when it is called; else its thread would spin. */
final class NodesSleepUntilTheirDeadline implements Invariant {
    private static final int CALLS_MAX = 3;

    @Override
    public void worked(SimulatedProcess process, List<Message> sent) {
        require(
                process.callsWithoutEffect() <= CALLS_MAX,
                "{} asked {} times in a row to be called at once and then did nothing",
                process.name(),
                process.callsWithoutEffect());
    }
}
