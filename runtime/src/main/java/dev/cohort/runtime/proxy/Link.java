package dev.cohort.runtime.proxy;

import dev.cohort.runtime.HostPort;

/**
 * The connection of one process to the broker.
 *
 * @param process name of the process: a role or the id of a peer
 * @param port loopback port to which the process connects, and which the broker advertises to it
 * @param brokerPort loopback port on which the broker listens for this link
 */
public record Link(String process, int port, int brokerPort) {

    public Link {
        if (process.isEmpty()) {
            throw new IllegalArgumentException("link without a process: must have the name of a role or a peer");
        }
        requirePort(process, port);
        requirePort(process, brokerPort);
        if (port == brokerPort) {
            throw new IllegalArgumentException(
                    "link of " + process + ": port " + port + " of the process must differ from the broker's");
        }
    }

    private static void requirePort(String process, int port) {
        if (port < 1 || port > HostPort.PORT_MAX) {
            throw new IllegalArgumentException(
                    "link of " + process + ": port " + port + ": must be 1.." + HostPort.PORT_MAX);
        }
    }
}
