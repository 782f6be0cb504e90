package dev.cohort.peer.external;

import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.wire.proto.LearnerWire;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests and replies of one learner, from its start to its end. After the first failure every further request fails with the
 * same reason.
 */
final class LearnerSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LearnerSession.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final String model;
    private final Optional<ChildProcess> child;
    private final FrameChannel channel;
    private final Duration replyLimit;
    private Optional<RuntimeException> failure = Optional.empty();

    private LearnerSession(String model, Optional<ChildProcess> child, FrameChannel channel, Duration replyLimit) {
        this.model = model;
        this.child = child;
        this.channel = channel;
        this.replyLimit = replyLimit;
    }

    /**
     * Starts a process and waits until it has connected.
     *
     * @throws IllegalArgumentException when it cannot be started or ends before that; the message says what to do
     */
    static LearnerSession start(ExternalSetting setting, Interpreter interpreter) {
        try (SocketFolder folder = SocketFolder.listen()) {
            ProcessBuilder builder = new ProcessBuilder(interpreter.commandLine(setting, folder.socket()));
            Map<String, String> environment = builder.environment();
            environment.putAll(interpreter.environment(setting, environment));
            ChildProcess child = ChildProcess.start(builder);
            try {
                Optional<SocketChannel> connected = folder.accept(interpreter.startLimit(), child::isAlive);
                if (connected.isEmpty()) {
                    throw notConnected(setting, interpreter, child);
                }
                return new LearnerSession(
                        setting.model(),
                        Optional.of(child),
                        new FrameChannel(connected.get()),
                        interpreter.replyLimit());
            } catch (IOException | RuntimeException e) {
                child.kill();
                child.close();
                throw e;
            }
        } catch (IOException e) {
            throw new IllegalStateException("the learner of " + setting.model() + " cannot be reached: " + e, e);
        }
    }

    /** Connects to a learner that listens at {@code socket}. */
    static LearnerSession connect(ExternalSetting setting, Path socket, Duration replyLimit) {
        try {
            FrameChannel channel = new FrameChannel(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
            return new LearnerSession(setting.model(), Optional.empty(), channel, replyLimit);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot connect to the learner at " + socket + ": " + e.getMessage()
                            + "; start it first, it must listen there",
                    e);
        }
    }

    private static RuntimeException notConnected(ExternalSetting setting, Interpreter interpreter, ChildProcess child) {
        if (child.isAlive()) {
            return new IllegalStateException("the learner of " + setting.model() + " has not connected within "
                    + interpreter.startLimit().toSeconds() + " s: it hangs in its imports, or the machine is far too"
                    + " busy; its lines are in the log of this peer");
        }
        String obituary = child.obituary();
        if (child.lastLines().stream().anyMatch(line -> line.matches(".*No module named '?cohort_learner.*"))) {
            return new IllegalArgumentException(interpreter.command()
                    + " has no package cohort_learner: install it with '" + interpreter.command()
                    + " -m pip install ./python' from the folder of Cohort, or name another interpreter with python:"
                    + " in the experiment or with COHORT_PYTHON");
        }
        return new IllegalArgumentException("the learner of " + setting.model() + " " + obituary);
    }

    /** The first request. It may fail because of what the user chose, so that its failures are about arguments. */
    LearnerWire.Ready hello(LearnerWire.Hello hello, Duration limit) {
        LearnerWire.Request.Builder request = LearnerWire.Request.newBuilder().setHello(hello);
        FrameChannel.Frame reply = ask("Hello", request, WireTensors.NONE, limit);
        if (reply.header().hasFailure()) {
            throw failed(new IllegalArgumentException(
                    "model " + model + ": " + message(reply.header().getFailure())));
        }
        if (!reply.header().hasReady()) {
            throw failed(unexpected("Hello", reply));
        }
        return reply.header().getReady();
    }

    /** A request that is answered by Done. */
    void command(String doing, LearnerWire.Request.Builder request, WireTensors tensors) {
        expect(doing, LearnerWire.Reply.BodyCase.DONE, request, tensors);
    }

    /** A request that is answered by a reply of that kind. */
    FrameChannel.Frame expect(
            String doing,
            LearnerWire.Reply.BodyCase expected,
            LearnerWire.Request.Builder request,
            WireTensors tensors) {
        FrameChannel.Frame reply = ask(doing, request, tensors, replyLimit);
        if (reply.header().hasFailure()) {
            String reason = "the learner of " + model + " failed in " + doing + ": "
                    + message(reply.header().getFailure());
            boolean refused = reply.header().getFailure().getKind() == LearnerWire.Failure.Kind.REQUEST;
            throw failed(refused ? new IllegalArgumentException(reason) : new NodeFailure(reason));
        }
        if (reply.header().getBodyCase() != expected) {
            throw failed(unexpected(doing, reply));
        }
        return reply;
    }

    private FrameChannel.Frame ask(
            String doing, LearnerWire.Request.Builder request, WireTensors tensors, Duration limit) {
        failure.ifPresent(reason -> {
            throw new NodeFailure(String.valueOf(reason.getMessage()), reason);
        });
        try {
            channel.send(request, tensors, limit);
            return channel.receive(limit);
        } catch (FrameChannel.TimeoutException e) {
            child.ifPresent(ChildProcess::kill);
            throw failed(new NodeFailure(
                    "the learner of " + model + " has not replied to " + doing + " within " + limit.toSeconds()
                            + " s: it hangs or is far too slow; its lines are in the log of this peer",
                    e));
        } catch (FrameChannel.MalformedException e) {
            throw failed(new NodeFailure(
                    "the learner of " + model + " replied to " + doing + " with " + e.getMessage()
                            + "; it does not follow learner.proto",
                    e));
        } catch (IOException e) {
            String reason = child.map(ChildProcess::obituary)
                    .orElse("has ended or cannot be reached (" + e.getMessage() + "); see its own output");
            throw failed(new NodeFailure("the learner of " + model + ", in " + doing + ", " + reason, e));
        }
    }

    RuntimeException failed(RuntimeException reason) {
        failure = Optional.of(reason);
        return reason;
    }

    private NodeFailure unexpected(String doing, FrameChannel.Frame reply) {
        return new NodeFailure("the learner of " + model + " replied to " + doing + " with "
                + reply.header().getBodyCase() + ": it does not follow learner.proto");
    }

    private static String message(LearnerWire.Failure reason) {
        if (!reason.getTraceback().isEmpty()) {
            LOG.error("learner failed kind={}\n{}", reason.getKind(), reason.getTraceback());
        }
        return reason.getMessage().isEmpty() ? reason.getKind().name() : reason.getMessage();
    }

    boolean isBroken() {
        return failure.isPresent();
    }

    /** Asks the learner to end, and waits for its process. */
    @Override
    public void close() {
        try {
            if (!isBroken()) {
                LearnerWire.Request.Builder request =
                        LearnerWire.Request.newBuilder().setClose(LearnerWire.Close.getDefaultInstance());
                channel.send(request, WireTensors.NONE, CLOSE_LIMIT);
                channel.receive(CLOSE_LIMIT);
            }
        } catch (IOException e) {
            LOG.debug("learner closed without a reply", e);
        }
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("connection to the learner", e);
        }
        child.ifPresent(ChildProcess::close);
    }
}
