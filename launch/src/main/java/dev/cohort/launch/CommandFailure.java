package dev.cohort.launch;

import dev.cohort.augment.data.DataException;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.JavaError;
import dev.cohort.runtime.kafka.BrokerException;
import dev.cohort.runtime.kafka.RunLogException;
import dev.cohort.study.view.OutputClosed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * How a command failed.
 *
 * @param message for people; empty when there is nothing to report, as after {@code | head}
 */
public record CommandFailure(ExitCode code, Optional<String> message) {
    /** The failure that an exception stands for. */
    public static CommandFailure of(Throwable e) {
        if (e instanceof OutputClosed closed) {
            return closed.ofAPipe()
                    ? new CommandFailure(ExitCode.UNREAD, Optional.empty())
                    : new CommandFailure(ExitCode.INPUT_OUTPUT, Optional.of(String.valueOf(e.getMessage())));
        }
        Optional<JavaError> error = e instanceof CommandException
                ? Optional.empty()
                : JavaError.in(e, Runtime.getRuntime().maxMemory());
        if (error.isPresent()) {
            return new CommandFailure(
                    error.get().code(), Optional.of(error.get().sentence()));
        }
        ExitCode code = codeOf(e);
        return new CommandFailure(
                code,
                Optional.of(
                        code == ExitCode.BUG
                                ? "unexpected " + e.getClass().getSimpleName() + ": " + e.getMessage()
                                        + " (run the command with --verbose to see where)"
                                : sentence(e)));
    }

    /** The message of an exception; for a fault of a file, in words. */
    private static String sentence(Throwable e) {
        if (e instanceof IOException file) {
            return FileFault.sentence(file);
        }
        Optional<IOException> bare = Optional.of(e)
                .filter(UncheckedIOException.class::isInstance)
                .flatMap(wrapped -> Optional.ofNullable(wrapped.getCause()))
                .filter(IOException.class::isInstance)
                .map(IOException.class::cast)
                .filter(cause -> cause.toString().equals(e.getMessage()));
        return bare.map(FileFault::sentence).orElseGet(() -> String.valueOf(e.getMessage()));
    }

    private static ExitCode codeOf(Throwable e) {
        if (e instanceof CommandException command) {
            return command.code();
        } else if (e instanceof DataException || e instanceof IllegalArgumentException) {
            // Arguments are checked where they are used, with messages for the user.
            return ExitCode.USAGE;
        } else if (e instanceof RunLogException) {
            return ExitCode.UNAVAILABLE;
        } else if (e instanceof BrokerException || e instanceof UncheckedIOException || e instanceof IOException) {
            return ExitCode.INPUT_OUTPUT;
        } else if (e instanceof IllegalStateException || e instanceof NodeFailure) {
            return ExitCode.FAILED;
        }
        return ExitCode.BUG;
    }
}
