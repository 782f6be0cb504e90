package dev.cohort.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host and a port, written as {@code HOST}, {@code HOST:PORT}, or for an IPv6 address {@code ::1}, {@code [::1]} or {@code
 * [::1]:PORT}. All parsing and formatting of addresses is here.
 *
 * @param host name or address, without brackets
 * @param port 0 for a free one
 */
public record HostPort(String host, int port) {
    /** A free port to which only this machine can connect. */
    public static final HostPort LOOPBACK = new HostPort("127.0.0.1", 0);

    public static final int PORT_MAX = 65_535;

    /** Names and IPv4 addresses; underscores occur in names of containers. */
    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");

    private static final String ADDRESS = "[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?";
    private static final Pattern BRACKETED = Pattern.compile("\\[(" + ADDRESS + ")](?::([0-9]{1,5}))?");
    private static final Pattern BARE = Pattern.compile("(" + ADDRESS + ")");

    private static final Pattern OF_THIS_MACHINE = Pattern.compile("127(\\.[0-9]{1,3}){3}|localhost|(0*:)+0*1");

    public HostPort {
        if (host.isBlank() || port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException(
                    "address " + host + " with port " + port + ": must have a host and a port of 0 to " + PORT_MAX);
        }
    }

    /**
     * Parses one address; the port is 0 if it is missing.
     *
     * @param what the option or key that it was given with, for the message
     * @throws IllegalArgumentException when {@code text} is not an address
     */
    public static HostPort parse(String what, String text) {
        return read(text, OptionalInt.of(0))
                .orElseThrow(() -> new IllegalArgumentException(what + " " + text
                        + ": must be HOST or HOST:PORT with a port of 0 to " + PORT_MAX
                        + "; an IPv6 address with a port must be in brackets: [::1]:9092"));
    }

    /**
     * Parses one or several addresses separated by commas, each with a port.
     *
     * @throws IllegalArgumentException when {@code text} is no such list
     */
    public static List<HostPort> parseServers(String what, String text) {
        List<HostPort> servers = new ArrayList<>();
        for (String server : text.split(",", -1)) {
            servers.add(read(server, OptionalInt.empty())
                    .orElseThrow(() -> new IllegalArgumentException(what + " '" + text
                            + "': must be HOST:PORT, several separated by commas, with ports of 1 to " + PORT_MAX
                            + "; an IPv6 address must be in brackets: [::1]:9092")));
        }
        return servers;
    }

    /** @param otherwise the port of a text without one; empty refuses such a text, and port 0 as well */
    private static Optional<HostPort> read(String text, OptionalInt otherwise) {
        for (Pattern form : List.of(NAMED, BRACKETED, BARE)) {
            Matcher found = form.matcher(text);
            if (found.matches()) {
                Optional<String> digits =
                        found.groupCount() < 2 ? Optional.empty() : Optional.ofNullable(found.group(2));
                int port = digits.map(Integer::parseInt).orElse(otherwise.orElse(0));
                boolean good = port <= PORT_MAX && (port > 0 || otherwise.isPresent());
                return good ? Optional.of(new HostPort(found.group(1), port)) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** The same host with another port. */
    public HostPort with(int newPort) {
        return new HostPort(host, newPort);
    }

    /** Whether only this machine can connect to it. */
    public boolean isLoopback() {
        return OF_THIS_MACHINE.matcher(host).matches();
    }

    /** As text that {@link #parse} reads. */
    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
