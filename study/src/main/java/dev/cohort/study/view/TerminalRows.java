package dev.cohort.study.view;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the number of rows and columns of the terminal of this process, again after a while, because windows are resized. One
 * thread.
 */
public final class TerminalRows implements Supplier<OptionalInt> {
    private static final long ASKED_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PATIENCE_SECONDS = 2;
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,5}) ([0-9]{1,5})\\s*");

    private Size size = Size.UNKNOWN;
    private long nextNanos = System.nanoTime();
    private boolean asks = true;

    /** Rows and columns; empty if unknown. */
    record Size(OptionalInt rows, OptionalInt columns) {
        static final Size UNKNOWN = new Size(OptionalInt.empty(), OptionalInt.empty());
    }

    /** Rows; empty if unknown. */
    @Override
    public OptionalInt get() {
        return size().rows();
    }

    /** Columns; empty if unknown. */
    public OptionalInt columns() {
        return size().columns();
    }

    private Size size() {
        if (asks && System.nanoTime() >= nextNanos) {
            size = asked();
            // A size that is unknown now remains unknown.
            asks = size.rows().isPresent();
            nextNanos = System.nanoTime() + ASKED_EVERY_NANOS;
        }
        return size;
    }

    private static Size asked() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return Size.UNKNOWN;
            }
            return parsed(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return Size.UNKNOWN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Size.UNKNOWN;
        }
    }

    /** Parses the output of {@code stty size}: rows and columns, 0 if unknown. */
    static Size parsed(String output) {
        Matcher size = SIZE.matcher(output);
        return size.matches() ? new Size(known(size.group(1)), known(size.group(2))) : Size.UNKNOWN;
    }

    private static OptionalInt known(String number) {
        int value = Integer.parseInt(number);
        return value > 0 ? OptionalInt.of(value) : OptionalInt.empty();
    }
}
