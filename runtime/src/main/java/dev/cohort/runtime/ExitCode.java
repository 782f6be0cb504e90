package dev.cohort.runtime;

/** Exit codes of every process of a cohort. */
public enum ExitCode {
    /** The command succeeded. */
    OK(0),
    /** The command failed; the log has the reason. */
    FAILED(1),
    /** The command line or the experiment is wrong. */
    USAGE(2),
    /** A peer left before the end, with its reason in the log: it was refused, the run was aborted, or it diverged. */
    LEFT(3),
    /** The broker refuses requests or cannot be reached. */
    UNAVAILABLE(69),
    /** An error in the program itself; the log has the stack trace. */
    BUG(70),
    /** A file, folder or port cannot be used. */
    INPUT_OUTPUT(74),
    /** The launcher is gone. */
    ORPHANED(75),
    /** The reader of the output is gone: the code that a shell reports for a command ended by SIGPIPE. */
    UNREAD(141);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
