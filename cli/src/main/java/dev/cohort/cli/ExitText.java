package dev.cohort.cli;

/** Meanings of exit codes in the help of a command. The numbers are those of {@link dev.cohort.runtime.ExitCode}. */
final class ExitText {
    static final String OK = "0:Success";
    static final String FAILED = "1:Failure; the output names the cause";
    static final String USAGE = "2:Invalid command line, experiment or data";
    static final String LEFT = "3:A peer left early and gave the reason in the log";
    static final String UNAVAILABLE = "69:The Kafka broker does not answer or refuses the request";
    static final String BUG = "70:Error in Cohort itself; add --verbose to see where";
    static final String FILE = "74:A file, folder or port cannot be used";
    static final String ORPHANED = "75:The launcher of the run is gone";
    static final String INTERRUPTED = "130:Stopped by Ctrl-C";
    static final String UNREAD = "141:The reader of the output has closed it";

    private ExitText() {}
}
