package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2025, 1, 31, 12, 30, 5);

    @TempDir
    private Path temp = Path.of("");

    private Path runs() {
        return temp.resolve("my runs");
    }

    private static void refuses(ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOf(CommandException.class)
                .message()
                .contains(words)
                .doesNotContain("\n");
    }

    @Test
    void isNamedAfterTimeAndExperiment() {
        try (RunDirectory directory = RunDirectory.create(runs(), "quickstart", NOW)) {
            assertThat(directory.id()).isEqualTo("20250131-123005-quickstart");
            assertThat(directory.path())
                    .isEqualTo(runs().resolve(directory.id()))
                    .isDirectory();
            assertThat(directory.processes()).isDirectory();
        }
    }

    @Test
    void givesASecondStartInTheSameSecondASuffix() {
        try (RunDirectory first = RunDirectory.create(runs(), "x", NOW);
                RunDirectory second = RunDirectory.create(runs(), "x", NOW);
                RunDirectory third = RunDirectory.create(runs(), "x", NOW)) {
            assertThat(List.of(first.id(), second.id(), third.id()))
                    .containsExactly("20250131-123005-x", "20250131-123005-x-2", "20250131-123005-x-3");
        }
    }

    @Test
    void givesConcurrentStartsDirectoriesOfTheirOwn() throws InterruptedException, ExecutionException {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        Callable<String> start = () -> {
            try (RunDirectory directory = create()) {
                return directory.id();
            }
        };
        List<String> ids = new ArrayList<>();
        for (Future<String> id : pool.invokeAll(Collections.nCopies(12, start))) {
            ids.add(id.get());
        }
        pool.shutdown();
        assertThat(ids).doesNotHaveDuplicates().hasSize(12);
    }

    /** Within one JVM a second lock fails at once; between processes it waits. */
    private RunDirectory create() {
        while (true) {
            try {
                return RunDirectory.create(runs(), "x", NOW);
            } catch (CommandException e) {
                assertThat(e).hasCauseInstanceOf(OverlappingFileLockException.class);
            }
        }
    }

    @Test
    void isFoundByIdByPathAndAsTheNewest() {
        String older;
        try (RunDirectory directory = RunDirectory.create(runs(), "a", NOW)) {
            older = directory.at("127.0.0.1:1", true).id();
        }
        try (RunDirectory directory = RunDirectory.create(runs(), "a", NOW.plusSeconds(1))) {
            directory.at("broker:9092", false);
        }
        assertThat(RunDirectory.find(runs(), Optional.of(older)).about())
                .isEqualTo(new RunDirectory.About(older, "127.0.0.1:1", true));
        assertThat(RunDirectory.find(temp, Optional.of(runs().resolve(older).toString()))
                        .id())
                .isEqualTo(older);
        assertThat(RunDirectory.find(runs(), Optional.empty()).about())
                .isEqualTo(new RunDirectory.About("20250131-123006-a", "broker:9092", false));
    }

    @Test
    void listsTheRunsWhenOneIsNotFound() {
        refuses(() -> RunDirectory.find(runs(), Optional.empty()), "no run in", "cohort run");
        try (RunDirectory directory = RunDirectory.create(runs(), "a", NOW)) {
            directory.at("127.0.0.1:1", true);
        }
        refuses(() -> RunDirectory.find(runs(), Optional.of("b")), "run b", "20250131-123005-a");
    }

    @Test
    void isHeldByOneLauncherOnly() {
        try (RunDirectory held = RunDirectory.create(runs(), "a", NOW)) {
            held.at("127.0.0.1:1", true);
            // Another process would be refused by the operating system; this one by Java.
            assertThatThrownBy(() -> RunDirectory.resume(runs(), Optional.of(held.id())))
                    .isInstanceOfAny(CommandException.class, OverlappingFileLockException.class);
        }
        try (RunDirectory resumed = RunDirectory.resume(runs(), Optional.empty())) {
            assertThat(resumed.id()).isEqualTo("20250131-123005-a");
        }
    }

    @Test
    void takesAGivenDirectoryOnlyWhenItIsEmpty() throws IOException {
        Path given = temp.resolve("mine");
        try (RunDirectory directory = RunDirectory.createAt(given, "a", NOW)) {
            assertThat(directory.path()).isEqualTo(given);
            assertThat(directory.id()).isEqualTo("20250131-123005-a");
            directory.at("127.0.0.1:1", true);
        }
        refuses(() -> RunDirectory.createAt(given, "a", NOW), "mine", "--resume");
        Path full = Files.createDirectory(temp.resolve("full"));
        Files.writeString(full.resolve("precious"), "x");
        refuses(() -> RunDirectory.createAt(full, "a", NOW), "full", "not empty");
    }

    @Test
    void namesADirectoryThatCannotBeMade() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "x");
        refuses(() -> RunDirectory.create(file.resolve("runs"), "a", NOW), "file", "--run-dir");
        assertThatThrownBy(() -> RunDirectory.create(file, "a", NOW))
                .asInstanceOf(InstanceOfAssertFactories.type(CommandException.class))
                .extracting(CommandException::code)
                .isEqualTo(ExitCode.INPUT_OUTPUT);
    }

    @Test
    void refusesADiskThatIsAlmostFullBeforeItTouchesIt() throws IOException {
        List<Path> asked = new ArrayList<>();
        Path deep = runs().resolve("not/yet");
        refuses(
                () -> RunDirectory.requireRoom(deep, there -> {
                    asked.add(there);
                    return RunDirectory.FREE_BYTES_MIN - 1;
                }),
                deep.toString(),
                "255 MiB free",
                "at least 256 MiB",
                "--run-dir");
        assertThat(asked).as("the nearest existing folder").containsExactly(temp.toAbsolutePath());
        assertThat(runs()).doesNotExist();
        RunDirectory.requireRoom(deep, there -> RunDirectory.FREE_BYTES_MIN);
    }

    @Test
    void keepsPasswordsFromOthers() throws IOException {
        try (RunDirectory directory = RunDirectory.create(runs(), "a", NOW)) {
            directory.writeClientSettings(Map.of("sasl.jaas.config", "secret"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.clientSettings())))
                    .isEqualTo("rw-------");
            assertThat(directory.clientSettings()).content().contains("sasl.jaas.config=secret");
        }
    }

    @Test
    void keepsItsClientSettingsWhenItIsResumed() {
        Map<String, String> settings =
                Map.of("sasl.jaas.config", "x required username=\"u\" password=\" #:{'\u00fc\";");
        try (RunDirectory directory = create().at("kafka:9092", false)) {
            directory.writeClientSettings(settings);
            RunDirectory found = RunDirectory.find(runs(), Optional.of(directory.id()));
            assertThat(found.address(Map.of())).isEqualTo(new KafkaAddress("kafka:9092", settings));
            Map<String, String> given = Map.of("security.protocol", "SSL");
            assertThat(found.address(given)).isEqualTo(new KafkaAddress("kafka:9092", given));
            directory.writeClientSettings(given);
            assertThat(found.client(Map.of())).isEqualTo(given);
        }
    }

    @Test
    void hasNoClientSettingsUnlessTheyWereGiven() {
        try (RunDirectory directory = create().at("kafka:9092", false)) {
            assertThat(directory.client(Map.of())).isEmpty();
        }
    }

    @Test
    void reportsWithoutWritingWhetherALauncherHoldsIt() throws IOException {
        Path lock = temp.resolve("runs/run/.lock");
        Files.createDirectories(lock.resolveSibling(""));
        assertThat(RunDirectory.isHeld(lock.resolveSibling(""))).isFalse();
        assertThat(lock).doesNotExist();
        Files.createFile(lock);
        assertThat(RunDirectory.isHeld(lock.resolveSibling(""))).isFalse();
        try (RunDirectory held = RunDirectory.create(runs(), "a", NOW)) {
            assertThat(RunDirectory.isHeld(held.path())).isTrue();
        }
    }
}
