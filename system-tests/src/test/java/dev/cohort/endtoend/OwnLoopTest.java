package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A training loop of the user's own that joins a run. */
@Tag("slow")
class OwnLoopTest {
    /** After 10 batches it interrupts itself, as Ctrl-C would, or dies. */
    private static final String LOOP = """
            import os, signal, sys
            import torch
            import cohort_learner
            from torch import nn

            run, name, command, end = sys.argv[1:]
            peer = cohort_learner.join(run, id=name, device="cpu", cohort=command)
            torch.manual_seed(1)
            channels, height, width = peer.run.image
            net = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, 16), nn.ReLU(), nn.Linear(16, peer.run.classes))
            net, opt = peer.wrap(net, torch.optim.AdamW(net.parameters(), lr=1e-3))
            trained = 0
            for batch in peer:
                loss = batch.teach(net(batch.images))
                opt.zero_grad()
                loss.backward()
                opt.step()
                assert torch.isfinite(loss)
                trained += 1
                if trained == 10:
                    print("rate", opt.param_groups[0]["lr"], flush=True)
                    os.kill(os.getpid(), signal.SIGINT if end == "interrupt" else signal.SIGKILL)
            print("trained", trained, flush=True)
            """;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private Started loop(RunFolder run, String name, String end) throws IOException {
        Path script = Files.writeString(shell.folder().resolve("loop.py"), LOOP);
        Map<String, String> environment = new TreeMap<>(Product.ENVIRONMENT);
        environment.put("PYTHONPATH", Product.HOME.resolve("python").toString());
        environment.put("OMP_NUM_THREADS", "1");
        return shell.start(
                "loop.py " + name,
                List.of(
                        Python.command(),
                        script.toString(),
                        run.id() + "@" + run.broker().bootstrap(),
                        name,
                        Product.COMMAND.toString(),
                        end),
                environment);
    }

    private JsonNode standing(String name) {
        JsonNode peers = shell.run("peers", "--format", "json").well().json().path("peers");
        for (JsonNode peer : peers) {
            if (peer.path("id").asText().equals(name)) {
                return peer;
            }
        }
        throw new AssertionError("no peer " + name + " among " + peers);
    }

    @Test
    void teachesAndLearnsInALiveRunAndLeavesInOrder() throws IOException {
        Python.require("torch");
        Started run = shell.start(TinyRun.words(
                shell,
                TinyImages.IDX,
                "--steps",
                "1000000",
                "--set",
                "peers=[{id: p1, model: mlp32}, {id: p2, model: mlp32}]",
                "--set",
                "optimizer.schedule.kind=constant",
                "--set",
                "pace.on_loss=drop"));
        try (LogWatch log = LogWatch.follow(shell)) {
            log.awaitSteps(3);
            RunFolder directory = RunFolder.await(shell);

            Ended left = shell.end(loop(directory, "mine", "interrupt")).well();
            assertThat(left.out()).contains("rate 0.001").contains("trained ");
            assertThat(standing("mine").toString()).contains("left").contains("drained");

            Started doomed = loop(directory, "doomed", "die");
            assertThat(shell.end(doomed).code()).isNotZero();
            shell.await("the reason", () -> doomed.toString().contains("has ended or cannot be reached"));
            assertThat(doomed.toString()).doesNotContain("\tat ").doesNotContain("Exception");
            shell.run("stop").well();
            shell.end(run).well();
        }
        shell.run("verify", "--quiet").well();
        shell.awaitNoProcess();
    }
}
