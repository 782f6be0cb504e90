package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person gets who asks for something impossible: one clear line with the way out, and no process started. */
class CohortTest {
    @TempDir
    private Path temp = Path.of("");

    private String errors = "";

    private int cohort(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Cohort.execute(new PrintWriter(out), new PrintWriter(err), arguments);
        errors = err.toString();
        return code;
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("run", "--quiet", "--runs", runs().toString()));
        all.addAll(List.of(arguments));
        return cohort(all.toArray(String[]::new));
    }

    private Path runs() {
        return temp.resolve("runs");
    }

    private void assertRefused(int code, ExitCode expected, String... words) {
        assertThat(code).as(errors).isEqualTo(expected.code());
        assertThat(errors).startsWith("cohort: ").contains(words).doesNotContain("\tat ", "Exception");
        assertThat(errors.strip().lines()).as(errors).hasSize(1);
        assertThat(runs()).as("nothing is left behind").doesNotExist();
    }

    @Test
    void refusesAFolderWithoutData() {
        String nowhere = temp.resolve("nowhere").toString();
        assertRefused(
                run("--set", "data.name=cifar10", "--set", "data.path=" + nowhere),
                ExitCode.USAGE,
                "data",
                nowhere,
                "data_batch_1.bin");
    }

    @Test
    void refusesToDescribeWhatIsNoMethodOrHasNoSuchSetting() {
        assertRefused(cohort("methods", "nothing"), ExitCode.USAGE, "method nothing", "mean_logit");
        assertRefused(cohort("methods", "dml", "--peers", "1"), ExitCode.USAGE, "peers 1", "at least 2");
        assertRefused(cohort("methods", "dml", "--batch", "0"), ExitCode.USAGE, "batch 0", "at least 1");
        assertRefused(
                cohort("methods", "dml", "--set", "method.temperature=-1"), ExitCode.USAGE, "method.temperature", "-1");
        assertRefused(cohort("methods", "dml", "--set", "run.seed=1"), ExitCode.USAGE, "--set run.seed=1");
    }

    @Test
    void refusesDataThatNeedsAPathWithoutOne() {
        assertRefused(run("--set", "data.name=cifar100"), ExitCode.USAGE, "data.path");
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        Files.write(temp.resolve("train.bin"), new byte[3074 * 2 - 5]);
        Files.write(temp.resolve("test.bin"), new byte[3074]);
        assertRefused(
                run("--set", "data.name=cifar100", "--set", "data.path=" + temp), ExitCode.USAGE, "train.bin", "6143");
    }

    @Test
    void refusesARunWithoutPeers() {
        assertRefused(run("--peers", "0"), ExitCode.USAGE, "peers", "0");
        assertRefused(run("--set", "peers=[]"), ExitCode.USAGE, "peers");
    }

    @Test
    void refusesFewerPeersThanTheMethodNeeds() {
        assertRefused(
                run("--peers", "1", "--set", "method.name=dml"),
                ExitCode.USAGE,
                "peers: 1",
                "at least 2",
                "independent");
    }

    @Test
    void refusesMorePeersThanThereAreSlots() {
        assertRefused(run("--peers", "257"), ExitCode.USAGE, "peers: 257", "at most 256");
    }

    @Test
    void refusesABatchLargerThanTheData() {
        assertRefused(run("--set", "run.batch_size=10001"), ExitCode.USAGE, "run.batch_size: 10001", "10000");
    }

    @Test
    void refusesALastBatchOfOneImageForANetworkThatCannotTakeIt() {
        List<String> one = List.of("--set", "run.batch_size=99", "--set", "peers.0.model=vgg16");
        assertRefused(run(one.toArray(String[]::new)), ExitCode.USAGE, "run.batch_size: 99", "vgg16", "single image");
    }

    @Test
    void refusesAnUnknownModelAndListsTheModels() {
        assertRefused(
                run("--set", "peers.0.model=resnet9"), ExitCode.USAGE, "peers.0.model", "resnet9", "resnet8, resnet14");
    }

    @Test
    void refusesAnUnknownMethodAndListsTheMethods() {
        assertRefused(
                run("--set", "method.name=magic"), ExitCode.USAGE, "method.name", "magic", "dml", "mean_logit", "one");
    }

    @Test
    void refusesAnUnknownDevice() {
        assertRefused(run("--set", "peers.1.device=gpu"), ExitCode.USAGE, "peers.1.device", "gpu", "cuda:0");
    }

    @Test
    void refusesAPasswordOnTheCommandLineWithoutSayingIt() {
        for (String setting :
                List.of("kafka.ssl.key.password=canary", " kafka.sasl.jaas.config=canary", "kafka={a.b: canary}")) {
            assertRefused(run("--set", setting), ExitCode.USAGE, "--set kafka", "--kafka-config");
            assertThat(errors).doesNotContain("canary");
        }
    }

    @Test
    void refusesAPortThatIsInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused(
                    run("--listen", "127.0.0.1:" + taken.getLocalPort()),
                    ExitCode.INPUT_OUTPUT,
                    Integer.toString(taken.getLocalPort()),
                    "--listen");
        }
    }

    /** From the block of addresses that are for documentation, thus of no machine (RFC 5737). */
    @Test
    void refusesAnAddressOfAnotherMachine() {
        assertRefused(run("--listen", "192.0.2.1"), ExitCode.INPUT_OUTPUT, "address 192.0.2.1", "--listen");
    }

    /** From the block that is for documentation (RFC 3849). */
    @Test
    void takesABareIpv6AddressForAnAddress() {
        assertRefused(run("--listen", "2001:db8::1"), ExitCode.INPUT_OUTPUT, "address 2001:db8::1", "--listen");
    }

    @Test
    void refusesAnAddressThatIsNone() {
        assertRefused(run("--listen", "127.0.0.1:99999"), ExitCode.USAGE, "--listen", "99999");
    }

    @Test
    void refusesABrokerThatDoesNotAnswer() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        assertRefused(
                run("--bootstrap", "127.0.0.1:" + closed), ExitCode.UNAVAILABLE, "127.0.0.1:" + closed, "--bootstrap");
    }

    @Test
    void refusesToJoinWhereNoBrokerAnswers() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        String address = "127.0.0.1:" + closed;
        assertRefused(cohort("join", "--run", "x", "--bootstrap", address), ExitCode.UNAVAILABLE, address, "no answer");
    }

    @Test
    void refusesARunDirectoryThatCannotBeWritten() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "in the way");
        assertRefused(
                run("--run-dir", file.resolve("run").toString()), ExitCode.INPUT_OUTPUT, file.toString(), "--run-dir");
    }

    @Test
    void refusesBrokenYamlAndLocatesIt() throws IOException {
        Path broken = Files.writeString(temp.resolve("broken.yaml"), "run:\n  name: [\npeers: 3\n");
        assertRefused(run(broken.toString()), ExitCode.USAGE, "broken.yaml", "line");
    }

    @Test
    void refusesAnExperimentThatIsNotThere() {
        assertRefused(run("nowhere.yaml"), ExitCode.USAGE, "nowhere.yaml", "no such file");
    }

    @Test
    void refusesAnUnknownKey() {
        assertRefused(run("--set", "mix.knid=cutmix"), ExitCode.USAGE, "mix.knid");
        assertRefused(run("--set", "method.temprature=2"), ExitCode.USAGE, "method.temprature");
        assertRefused(run("--set", "run.steps"), ExitCode.USAGE, "--set", "run.steps", "KEY=VALUE");
    }

    @Test
    void saysEverythingThatIsWrongAtOnce() {
        int code = run(
                "--set", "mix.knid=cutmix",
                "--set", "method.name=magic",
                "--set", "peers.0.model=resnet9",
                "--set", "data.name=mnist");
        assertThat(code).isEqualTo(ExitCode.USAGE.code());
        assertThat(errors).contains("4 problems", "mix.knid", "magic", "resnet9", "mnist");
        assertThat(errors.strip().lines()).hasSize(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"interleaved", "pipelined", "free"})
    void refusesAPaceThatIsNotBuilt(String mode) {
        assertRefused(run("--set", "pace.mode=" + mode), ExitCode.USAGE, "pace.mode: " + mode, "must be strict");
    }

    @Test
    void refusesSettingsThatWouldDoNothing() {
        assertRefused(run("--set", "pace.k=4"), ExitCode.USAGE, "pace.k: 4", "not implemented");
        assertRefused(run("--set", "pace.parts=4"), ExitCode.USAGE, "pace.parts: 4", "not implemented");
        assertRefused(run("--set", "kafka.replication=3"), ExitCode.USAGE, "kafka.replication: 3", "--bootstrap");
    }

    @ParameterizedTest
    @ValueSource(strings = {"3f", "0x1p3", "NaN", "1e200", "1e-300", "1_000"})
    void readsNumbersOfAMethodAsAnyOther(String number) {
        assertRefused(
                run("--set", "method.temperature=" + number), ExitCode.USAGE, "method.temperature: " + number, "0.001");
    }

    @Test
    void refusesToResumeWithOtherSettings() {
        assertRefused(run("--resume", "--steps", "5"), ExitCode.USAGE, "--resume");
    }

    @Test
    void saysThatThereIsNoRun() {
        for (String command : List.of("stop", "peers")) {
            assertRefused(cohort(command, "--runs", runs().toString()), ExitCode.USAGE, "no run in", "cohort run");
        }
        assertRefused(run("--resume"), ExitCode.USAGE, "no run in");
    }

    @Test
    void refusesAPeerOfARunThatIsNotHere() {
        assertRefused(cohort("peer", "--run", "x", "--peer", "p1"), ExitCode.USAGE, "run x: neither in");
        assertRefused(cohort("join", "--run", "x"), ExitCode.USAGE, "run x: neither in");
    }

    @Test
    void pointsToItsHelpForAnOptionItDoesNotKnow() {
        assertThat(cohort("run", "--stepz", "5")).isEqualTo(ExitCode.USAGE.code());
        assertThat(errors).contains("--stepz", "cohort run --help").doesNotContain("\tat ");
    }
}
