package dev.cohort.peer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.NodeFailure;
import dev.cohort.tensor.NamedTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learners that misbehave, each a few lines of Python without any package. */
class LearnerFailureTest {
    private static final String BEGIN = """
            import os, socket, sys, time
            from cohort_learner import wire
            F4 = wire.FLOAT32
            OUTPUTS = [wire.Output("logits", [3], True), wire.Output("features", [2], True)]
            def ready(version=1, outputs=OUTPUTS):
                channel.send(wire.Ready(version, "none", "cpu", outputs, 1, 1))
            def zeros(name, *shape):
                size = 4
                for dimension in shape:
                    size *= dimension
                return wire.WireTensor(name, F4, shape, bytes(size))
            def good():
                channel.send(wire.Outputs(), [zeros("logits", 4, 3), zeros("features", 4, 2)])
            """;
    private static final String CONNECT = """
            channel = wire.Channel.connect(sys.argv[-1])
            hello, _ = channel.receive()
            """;

    @TempDir
    private Path folder;

    @BeforeEach
    void needsPython() {
        Pythons.assumeHas("sys");
    }

    private ExternalSetting program(String text) throws IOException {
        return Pythons.setting("learner:" + Files.writeString(folder.resolve("program.py"), text));
    }

    private ExternalLearner connected(String text) throws IOException {
        return ExternalLearner.start(program(BEGIN + CONNECT + text), Pythons.withReplyLimit(Duration.ofSeconds(20)));
    }

    @Test
    void anInterpreterThatIsMissingIsNamed() {
        Interpreter missing = Interpreter.of(Optional.of("no-such-python"), System.getenv(), Optional.empty());

        assertThatThrownBy(() -> ExternalLearner.start(Pythons.setting("net.py:make"), missing))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cannot start no-such-python (No such file or directory): install Python");
    }

    @Test
    void aPackageThatIsMissingIsNamed() throws IOException {
        Path python = Files.writeString(
                folder.resolve("python"),
                "#!/bin/sh\necho \"/usr/bin/python3: No module named cohort_learner\" >&2\nexit 1\n");
        assertThat(python.toFile().setExecutable(true)).isTrue();
        Interpreter bare = Interpreter.of(Optional.of(python.toString()), System.getenv(), Optional.empty());

        assertThatThrownBy(() -> ExternalLearner.start(Pythons.setting("net.py:make"), bare))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(python + " has no package cohort_learner: install it with '" + python);
    }

    @Test
    void aFrameworkThatIsMissingIsNamed() throws IOException {
        ExternalSetting setting = program("""
                import runpy, sys
                sys.modules["torch"] = None
                runpy.run_module("cohort_learner", run_name="__main__")
                """);

        assertThatThrownBy(() -> ExternalLearner.start(setting, Pythons.interpreter()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("torch")
                .hasMessageContaining("install PyTorch for");
    }

    @Test
    void oneThatDiesBeforeItConnectsLeavesItsLastLines() throws IOException {
        ExternalSetting setting = program("import sys\nprint('one')\nprint('no luck', file=sys.stderr)\nsys.exit(3)\n");

        assertThatThrownBy(() -> ExternalLearner.start(setting, Pythons.interpreter()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ended with exit status 3; its last lines: ")
                .hasMessageContaining("one")
                .hasMessageEndingWith("no luck");
    }

    @Test
    void oneThatNeverConnectsIsGivenUp() throws IOException {
        Interpreter impatient = Pythons.interpreter().withLimits(Duration.ofSeconds(1), Duration.ofSeconds(1));

        assertThatThrownBy(() -> ExternalLearner.start(program("import time\ntime.sleep(600)\n"), impatient))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has not connected within 1 s");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "ready(version=9); learner protocol 9: must be 1",
                "ready(outputs=OUTPUTS[:1]); declares no features",
                "ready(outputs=OUTPUTS[1:]); declares no logits",
                "ready(outputs=[wire.Output('logits', [4], True), OUTPUTS[1]]); must declare published logits of row shape [3]",
                "channel.send(wire.Done()); replied to Hello with DONE: it does not follow learner.proto",
                "channel.send(wire.Failure(wire.Failure.NETWORK, 'no layers')); : no layers",
            })
    void oneThatIsNoStudentIsRefused(String reply, String message) throws IOException {
        assertThatThrownBy(() -> connected(reply + "\n"))
                .isInstanceOfAny(IllegalArgumentException.class, NodeFailure.class)
                .hasMessageContaining(message);
    }

    @Test
    void oneThatDiesInAPassLeavesTheRequestAndItsLastLines() throws IOException {
        try (ExternalLearner learner =
                connected("ready()\nchannel.receive()\nprint('core melted')\nsys.stdout.flush()\nos._exit(9)\n")) {
            assertThatThrownBy(() -> learner.forward(Pythons.images(1, 4), 12))
                    .isInstanceOf(NodeFailure.class)
                    .hasMessageContaining(
                            "in Forward of step 12, ended with exit status 9; its last lines: core melted");
            assertThatThrownBy(learner::weights).hasMessageContaining("core melted");
        }
    }

    @Test
    void oneThatHangsIsKilledAndReported() throws IOException {
        Path pid = folder.resolve("pid");
        ExternalSetting setting = program(
                BEGIN + CONNECT + "open('" + pid + "', 'w').write(str(os.getpid()))\nready()\ntime.sleep(600)\n");
        try (ExternalLearner learner = ExternalLearner.start(setting, Pythons.withReplyLimit(Duration.ofSeconds(1)))) {
            assertThatThrownBy(() -> learner.forward(Pythons.images(1, 4), 7))
                    .isInstanceOf(NodeFailure.class)
                    .hasMessageContaining("has not replied to Forward of step 7 within 1 s");
            assertThat(alive(pid)).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "channel.send(wire.Outputs(), [zeros('logits', 4, 3)]); must be features",
                "channel.send(wire.Outputs(), [zeros('logits', 3, 3), zeros('features', 4, 2)]); must be logits",
                "channel.send(wire.Outputs(), [zeros('logits', 4, 3), zeros('logits', 4, 3)]); appears twice",
                "channel.send(wire.Outputs(), [wire.WireTensor('logits', 9, (1,), b'1')]); of type 9",
                "channel._socket.sendall(bytes(12)); NOT_SET",
                "channel._socket.sendall(b'\\xff' * 12); a header of 4294967295 bytes",
                "channel.send(wire.Failure(wire.Failure.MEMORY, 'out of memory: lower it')); step 1: out of memory: lower it",
            })
    void aReplyThatDoesNotFitEndsThePeer(String reply, String message) throws IOException {
        try (ExternalLearner learner = connected("ready()\nchannel.receive()\n" + reply + "\n")) {
            assertThatThrownBy(() -> learner.forward(Pythons.images(1, 4), 1))
                    .isInstanceOf(NodeFailure.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void itsProcessEndsWithTheLearner() throws IOException {
        Path pid = folder.resolve("pid");
        ExternalLearner learner = connected("open('" + pid + "', 'w').write(str(os.getpid()))\nready()\n"
                + "channel.receive()\ngood()\nchannel.receive()\nchannel.send(wire.Done())\n");
        learner.forward(Pythons.images(1, 4), 1);
        assertThat(alive(pid)).isTrue();

        learner.close();

        assertThat(alive(pid)).isFalse();
    }

    private static boolean alive(Path pid) throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(pid)))
                .filter(ProcessHandle::isAlive)
                .isPresent();
    }

    @Test
    void connectsToALoopThatListens() throws IOException, InterruptedException {
        Path socket = folder.resolve("s");
        String loop = BEGIN + """
                listening = socket.socket(socket.AF_UNIX)
                listening.bind(sys.argv[-1])
                listening.listen(1)
                print("listens", flush=True)
                channel = wire.Channel(listening.accept()[0])
                hello, _ = channel.receive()
                ready()
                channel.receive()
                good()
                backward, tensors = channel.receive()
                assert list(tensors) == ["logits"]
                for _ in range(2):
                    channel.send(wire.Done())
                    channel.receive()
                channel.send(wire.Done())
                """;
        Path file = Files.writeString(folder.resolve("loop.py"), loop);
        ProcessBuilder builder =
                new ProcessBuilder(List.of(Pythons.interpreter().command(), file.toString(), socket.toString()));
        ExternalSetting setting = Pythons.setting("net.py:make");
        builder.environment().putAll(Pythons.interpreter().environment(setting, builder.environment()));
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        assertThat(process.inputReader().readLine()).isEqualTo("listens");

        try (ExternalLearner learner = ExternalLearner.connect(setting, socket, Duration.ofSeconds(20))) {
            var pass = learner.forward(Pythons.images(1, 4), 1);
            learner.backward(pass, NamedTensors.of("logits", pass.outputs().logits()));
            learner.update(0.1);
        }

        assertThat(process.waitFor()).isZero();
        assertThatThrownBy(() -> ExternalLearner.connect(setting, folder.resolve("none"), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot connect to the learner at");
    }
}
