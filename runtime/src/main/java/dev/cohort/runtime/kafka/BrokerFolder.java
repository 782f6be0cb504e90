package dev.cohort.runtime.kafka;

import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The folder in which the broker of a run keeps its data and its address. */
public record BrokerFolder(Path dataDir) {
    /** File with the broker's address, which stays the same during the run. */
    private static final String ADDRESS_FILE = "address";

    private static final String LOG_FOLDER = "log";

    /**
     * The address of the broker whose data is in this folder. The first call chooses and stores it, so that a restarted broker
     * has the same address.
     *
     * @param wanted address of this machine to bind and advertise; port 0 chooses a free port in the first call and keeps it
     * @throws BrokerException when the folder cannot be written
     */
    public HostPort address(HostPort wanted) {
        Path file = dataDir.resolve(ADDRESS_FILE);
        try {
            Files.createDirectories(dataDir);
            HostPort address = wanted;
            if (wanted.port() == 0) {
                address = wanted.with(Files.exists(file) ? portIn(file) : freePort(wanted.host()));
            }
            Path fresh = Files.writeString(dataDir.resolve(ADDRESS_FILE + ".new"), address + "\n");
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return address;
        } catch (IOException e) {
            throw new BrokerException(
                    "broker folder " + dataDir + " cannot be used (" + FileFault.why(e)
                            + "): check its owner and free space",
                    e);
        }
    }

    /**
     * A further address for the broker, on a free port.
     *
     * @throws BrokerException when {@code host} is not this machine
     */
    public static HostPort anotherAddress(HostPort host) {
        try {
            return host.with(freePort(host.host()));
        } catch (IOException e) {
            throw new BrokerException("no free port on " + host.host() + " for the broker: " + e, e);
        }
    }

    /** Folder with the broker's topics, for {@link SegmentLog}. */
    public Path log() {
        return dataDir.resolve(LOG_FOLDER);
    }

    private static int portIn(Path file) throws IOException {
        try {
            return HostPort.parse(file.toString(), Files.readString(file).strip())
                    .port();
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static int freePort(String host) throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
            return socket.getLocalPort();
        }
    }
}
