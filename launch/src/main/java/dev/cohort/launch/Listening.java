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

/** Chooses the address of a run's broker, for a new and for a resumed run. */
public final class Listening {
    /** After its launcher is killed, a broker needs some time to notice and to end. */
    private static final Duration PREDECESSOR_ENDS = Duration.ofSeconds(15);

    private static final long LOOK_MS = 200;

    private Listening() {}

    /** @throws CommandException when the host is not this machine, or another process listens on the port */
    public static void requireFree(HostPort address) {
        objection(address).ifPresent(e -> {
            boolean anyPort = address.port() == 0;
            String what = anyPort ? "address " + address.host() : "port " + address.port() + " on " + address.host();
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    what + ": cannot be used for the broker (" + e.getMessage() + "): name "
                            + (anyPort ? "an address of this machine" : "a free port")
                            + " with --listen HOST:PORT, or leave --listen out",
                    e);
        });
    }

    /**
     * The address of a resumed run's broker: the previous one, unless another is wanted or necessary.
     *
     * @param before the previous address
     * @param wanted the new address; with port 0, the previous port if it is free
     * @param say receives the reason when the broker moves without being asked to
     * @throws CommandException when the broker cannot listen on the address, or must move and no new address is given
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
            // No other machine uses a loopback address.
            say.accept(why + "; the broker moves to another port.");
            return before.with(0);
        }
        throw new CommandException(
                ExitCode.INPUT_OUTPUT,
                why
                        + ": name a new address with --listen HOST or --listen HOST:PORT; peers on other machines then join at"
                        + " the new address",
                objection.get());
    }

    private static Optional<IOException> awaitFree(HostPort address, Duration patience) {
        long endNanos = System.nanoTime() + patience.toNanos();
        Optional<IOException> objection = objection(address);
        // Waiting helps when the port is in use, not when this machine lacks the address.
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
