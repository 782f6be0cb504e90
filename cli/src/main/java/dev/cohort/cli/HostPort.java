package dev.cohort.cli;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.runtime.ExitCode;

/**
 * An address to listen on.
 *
 * @param port 0 for a free one
 */
record HostPort(String host, int port) {
    private static final int PORT_MAX = 65_535;

    /** Reads {@code HOST} or {@code HOST:PORT}; {@code option} is for the message of what is wrong. */
    static HostPort parse(String option, String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "0" : text.substring(colon + 1);
        boolean good = !host.isBlank() && port.matches("[0-9]{1,5}") && Integer.parseInt(port) <= PORT_MAX;
        if (!good) {
            throw new LaunchException(
                    ExitCode.USAGE, option + " " + text + ": must be HOST:PORT with a port of 0 to " + PORT_MAX);
        }
        return new HostPort(host, Integer.parseInt(port));
    }
}
