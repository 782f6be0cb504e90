package dev.cohort.peer;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;

/**
 * What a peer does, as an immutable value that other threads may read.
 *
 * @param step last step trained
 * @param restoredStep of the checkpoint it went on from; 0 when it began with its initial weights
 * @param waitingFor what it waits for, for people; empty when it does not
 * @param waitingSinceMs since when it waits for that, or does not wait, by the clock of its process
 * @param taught updates made with targets
 * @param untaught updates made on the labels alone
 * @param late updates whose leaf gradients could not be used, since the outcome does not name this prediction
 */
public record PeerStatus(
        PeerId peer,
        long incarnation,
        String model,
        String device,
        PeerState state,
        long step,
        long restoredStep,
        String waitingFor,
        long waitingSinceMs,
        long taught,
        long untaught,
        long late,
        Heartbeat.Figures figures) {}
