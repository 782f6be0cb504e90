package dev.cohort.study.view;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many rows the terminal of this process has, asked for now and then, since a window changes its size. One thread. */
public final class TerminalRows implements Supplier<OptionalInt> {
    private static final long ASKED_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long PATIENCE_SECONDS = 2;
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,5}) [0-9]{1,5}\\s*");

    private OptionalInt rows = OptionalInt.empty();
    private long nextNanos = System.nanoTime();
    private boolean asks = true;

    /** Empty where nobody can tell. */
    @Override
    public OptionalInt get() {
        if (asks && System.nanoTime() >= nextNanos) {
            rows = asked();
            // Who cannot tell now will not be able to later.
            asks = rows.isPresent();
            nextNanos = System.nanoTime() + ASKED_EVERY_NANOS;
        }
        return rows;
    }

    private static OptionalInt asked() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return OptionalInt.empty();
            }
            return parsed(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return OptionalInt.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalInt.empty();
        }
    }

    /** Reads what {@code stty size} says: rows and columns, 0 where the terminal does not know. */
    static OptionalInt parsed(String said) {
        Matcher size = SIZE.matcher(said);
        int rows = size.matches() ? Integer.parseInt(size.group(1)) : 0;
        return rows > 0 ? OptionalInt.of(rows) : OptionalInt.empty();
    }
}
