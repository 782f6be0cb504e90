package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import java.util.List;
import java.util.SplittableRandom;

/** What a simulated process lives in. */
interface Surroundings {
    VirtualTime time();

    SimulatedLog log();

    /** How well messages travel now. */
    Weather weather();

    SplittableRandom random();

    /** Puts a record into the log, at once. */
    void append(String writer, Message message);

    /** The producer of {@code process} has given up on {@code messages}. */
    void lost(SimulatedProcess process, List<Message> messages);

    void note(SimulatedProcess process, String what, Object subject);

    /** {@code process} has just taken in a message or a deadline, and said this. */
    void worked(SimulatedProcess process, List<Message> said);
}
