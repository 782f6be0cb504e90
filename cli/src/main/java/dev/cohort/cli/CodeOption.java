package dev.cohort.cli;

import dev.cohort.peer.process.CodeAccess;
import picocli.CommandLine.Option;

/** Whether code that the log of a run names may run on this machine. */
final class CodeOption {
    @Option(
            names = "--allow-python",
            description = "Run the Python code that the run names as a network, with your rights. Only for a run"
                    + " whose author you trust.")
    private boolean allowed;

    CodeAccess access() {
        return allowed ? new CodeAccess.Allowed() : new CodeAccess.Refused();
    }
}
