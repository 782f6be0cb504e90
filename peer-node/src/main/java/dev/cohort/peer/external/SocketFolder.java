package dev.cohort.peer.external;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A Unix domain socket in a folder that only this user can enter; both are gone after {@link #close}. */
final class SocketFolder implements AutoCloseable {
    /** What the address of a socket holds on every system, its terminating zero excluded. */
    private static final int PATH_BYTES_MAX = 103;

    private static final int POLL_MS = 100;

    private final Path folder;
    private final Path socket;
    private final ServerSocketChannel server;

    private SocketFolder(Path folder, Path socket, ServerSocketChannel server) {
        this.folder = folder;
        this.socket = socket;
        this.server = server;
    }

    /** Listens in {@code java.io.tmpdir}, or in {@code /tmp} where that is too long for the address of a socket. */
    static SocketFolder listen() {
        return listen(Path.of(System.getProperty("java.io.tmpdir")));
    }

    static SocketFolder listen(Path parent) {
        try {
            Path folder = create(parent);
            if (!fits(folder.resolve("learner"))) {
                Files.delete(folder);
                folder = create(Path.of("/tmp"));
            }
            Path socket = folder.resolve("learner");
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket), 1);
            server.configureBlocking(false);
            return new SocketFolder(folder, socket, server);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot listen for a learner in " + parent + ": " + e.getMessage()
                            + "; name a folder that can be written to with -Djava.io.tmpdir",
                    e);
        }
    }

    private static Path create(Path parent) throws IOException {
        return Files.createTempDirectory(
                parent, "cohort-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static boolean fits(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length <= PATH_BYTES_MAX;
    }

    Path socket() {
        return socket;
    }

    /** The first connection; empty when {@code limit} is over or {@code wanted} is no longer true. */
    Optional<SocketChannel> accept(Duration limit, BooleanSupplier wanted) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        try (Selector selector = Selector.open()) {
            server.register(selector, SelectionKey.OP_ACCEPT);
            while (true) {
                boolean last = !wanted.getAsBoolean() || System.nanoTime() >= end;
                Optional<SocketChannel> connected = Optional.ofNullable(server.accept());
                if (connected.isPresent() || last) {
                    return connected;
                }
                selector.select(POLL_MS);
                selector.selectedKeys().clear();
                if (Thread.currentThread().isInterrupted()) {
                    throw new IOException("interrupted");
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
        Files.deleteIfExists(folder);
    }
}
