package dev.cohort.runtime.proxy;

/**
 * The connection of one process to the broker.
 *
 * @param process its name: a role or the id of a peer
 * @param port on loopback where the process connects to; what the broker advertises to it
 * @param brokerPort on loopback where the broker listens for what comes by this link
 */
public record Link(String process, int port, int brokerPort) {
    private static final int PORT_MAX = 65_535;

    public Link {
        if (process.isEmpty()) {
            throw new IllegalArgumentException("link without a process: name the role or the peer it belongs to");
        }
        requirePort(process, port);
        requirePort(process, brokerPort);
        if (port == brokerPort) {
            throw new IllegalArgumentException(
                    "link of " + process + ": port " + port + " cannot be its own and the broker's at once");
        }
    }

    private static void requirePort(String process, int port) {
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("link of " + process + ": port " + port + " must be 1.." + PORT_MAX);
        }
    }
}
