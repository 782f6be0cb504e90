package dev.cohort.peer;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;

/**
 * What a peer is doing, as an immutable value for other threads.
 *
 * @param step last step trained
 * @param restoredStep of the checkpoint that was restored; 0 if the peer started with its initial weights
 * @param waitingFor what the peer waits for, in words; empty if it is not waiting
 * @param waitingSinceMs when {@code waitingFor} last changed, by the clock of the peer's process
 * @param taught updates made with targets
 * @param untaught updates made on the labels alone
 * @param late updates whose leaf gradients could not be used, because the outcome does not name this prediction
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
