package dev.cohort.runtime;

/** Exit codes of every process of a cohort. */
public enum ExitCode {
    /** What was asked was done. */
    OK(0),
    /** It was not, and the log says why. */
    FAILED(1),
    /** The command line or the experiment is wrong. */
    USAGE(2),
    /** A peer left before the end and said why in the log: it was refused, the run was given up, or it diverged. */
    LEFT(3),
    /** The broker refuses or is not there. */
    UNAVAILABLE(69),
    /** An error in the program itself; its log shows where. */
    BUG(70),
    /** A file, folder or port cannot be used. */
    INPUT_OUTPUT(74),
    /** The launcher is gone. */
    ORPHANED(75),
    /** Nobody reads the output any more: the code that a shell gives a command that SIGPIPE ended. */
    UNREAD(141);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
