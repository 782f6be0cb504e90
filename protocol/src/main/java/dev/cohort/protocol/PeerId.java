package dev.cohort.protocol;

import java.util.regex.Pattern;

/**
 * The name of a peer within a run.
 *
 * @param value 1 to 32 characters of {@code a-z 0-9 . _ -}, starting with a letter or digit
 */
public record PeerId(String value) implements Comparable<PeerId> {
    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");

    public PeerId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "peer id '" + value + "': must be 1 to 32 of a-z 0-9 . _ - and start with a letter or digit");
        }
    }

    @Override
    public int compareTo(PeerId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
