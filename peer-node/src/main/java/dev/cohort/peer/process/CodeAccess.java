package dev.cohort.peer.process;

import java.nio.file.Path;

/** Whether a peer may run the code that its model names. Whoever wrote the log of a run could name any code. */
public sealed interface CodeAccess {
    /** Only built-in networks. */
    record Refused() implements CodeAccess {}

    /** The person at this machine chose the model, so the peer starts its interpreter. */
    record Allowed() implements CodeAccess {}

    /**
     * The network belongs to a training loop that runs already.
     *
     * @param socket at which it listens
     */
    record Listening(Path socket) implements CodeAccess {}
}
