package dev.cohort.protocol;

import java.util.regex.Pattern;

/**
 * The name of a peer within a run.
 *
 * @param value of the form {@link #FORM}
 */
public record PeerId(String value) implements Comparable<PeerId> {
    public static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");
    /** {@link #FORM} in words, to follow "must be". */
    public static final String FORM_WORDS = "1 to 32 of a-z 0-9 . _ - and start with a letter or digit";

    public PeerId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("peer id '" + value + "': must be " + FORM_WORDS);
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
