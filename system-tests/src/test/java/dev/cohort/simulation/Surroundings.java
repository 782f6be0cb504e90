package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import java.util.List;
import java.util.SplittableRandom;

/** The environment of a simulated process. */
interface Surroundings {
    VirtualTime time();

    SimulatedLog log();

    /** How well messages travel now. */
    Weather weather();

    SplittableRandom random();

    /** Appends a record to the log at once. */
    void append(String writer, Message message);

    /** The producer of {@code process} has given up on {@code messages}. */
    void lost(SimulatedProcess process, List<Message> messages);

    void note(SimulatedProcess process, String what, Object subject);

    /** {@code process} has just handled a message or a deadline, and sent these messages. */
    void worked(SimulatedProcess process, List<Message> sent);
}
