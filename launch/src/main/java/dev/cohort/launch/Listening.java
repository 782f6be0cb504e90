package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Where the broker of a run listens, from its first start and when the run is gone on with. */
public final class Listening {
    /** The broker of a launcher that was killed needs some time to notice and to end. */
    private static final Duration PREDECESSOR_ENDS = Duration.ofSeconds(15);

    private static final long LOOK_MS = 200;

    private Listening() {}

    /** @throws CommandException when the host is not this machine, or somebody else listens on the port */
    public static void requireFree(HostPort address) {
        objection(address).ifPresent(e -> {
            boolean anyPort = address.port() == 0;
            String what = anyPort ? "address " + address.host() : "port " + address.port() + " on " + address.host();
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    what + ": cannot be used for the broker (" + e.getMessage() + "): name "
                            + (anyPort ? "one of this machine" : "a free one")
                            + " with --listen HOST:PORT, or leave --listen out",
                    e);
        });
    }

    /**
     * Where the broker of a run that is gone on with listens from now on: where it was, unless somebody wants or needs it to be
     * elsewhere.
     *
     * @param before where it was
     * @param wanted where it shall be; with port 0, on the port it had if that is free
     * @param say told why it moves when nobody asked for that
     * @throws CommandException when it cannot be where it is wanted, or nobody says where it may be instead
     */
    public static HostPort again(HostPort before, Optional<HostPort> wanted, Consumer<String> say) {
        return again(before, wanted, PREDECESSOR_ENDS, say);
    }

    static HostPort again(HostPort before, Optional<HostPort> wanted, Duration patience, Consumer<String> say) {
        if (wanted.isPresent()) {
            HostPort there = wanted.get();
            if (there.port() == 0 && objection(there.with(before.port())).isEmpty()) {
                return there.with(before.port());
            }
            requireFree(there);
            return there;
        }
        Optional<IOException> objection = awaitFree(before, patience);
        if (objection.isEmpty()) {
            return before;
        }
        String why = "the broker of this run listened on " + before + ", which cannot be used now ("
                + objection.get().getMessage() + ")";
        if (before.isLoopback() && objection(before.with(0)).isEmpty()) {
            // Nobody on another machine looks for it there.
            say.accept(why + "; it moves to another port.");
            return before.with(0);
        }
        throw new CommandException(
                ExitCode.INPUT_OUTPUT,
                why + ": say where it shall listen with --listen HOST or --listen HOST:PORT; peers on other machines"
                        + " then join at the new address",
                objection.get());
    }

    private static Optional<IOException> awaitFree(HostPort address, Duration patience) {
        long endNanos = System.nanoTime() + patience.toNanos();
        Optional<IOException> objection = objection(address);
        // An address that this machine does not have will not come by waiting; a port is given back.
        while (objection.isPresent() && objection(address.with(0)).isEmpty() && System.nanoTime() - endNanos < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
            objection = objection(address);
        }
        return objection;
    }

    private static Optional<IOException> objection(HostPort address) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address.host(), address.port()));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e);
        }
    }
}
