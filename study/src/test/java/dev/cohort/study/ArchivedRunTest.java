package dev.cohort.study;

import static dev.cohort.study.SmallRun.PEERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.archive.ArchiveManifest;
import dev.cohort.runtime.archive.ArchiveWriter;
import dev.cohort.runtime.archive.ArchivedLog;
import dev.cohort.runtime.kafka.PlannedLog;
import dev.cohort.runtime.kafka.SegmentLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An archive gives the same results as its run, to the last bit, or is refused. */
class ArchivedRunTest {
    private static final TopicPlan PLAN = new TopicPlan(3, 2, 1, OptionalLong.empty());

    @TempDir
    private Path folder = Path.of("");

    private SegmentFiles files() throws IOException {
        return SegmentFiles.write(new SmallRun().log("one"), Files.createDirectories(folder.resolve("log")));
    }

    private static PlannedLog open(SegmentFiles files) {
        return new PlannedLog(SegmentLog.open(files.folder(), files.run()), PLAN);
    }

    private Path archive(SegmentFiles files, String name) throws IOException {
        Map<Topic, Integer> partitions = new EnumMap<>(Topic.class);
        Arrays.stream(Topic.values()).forEach(topic -> partitions.put(topic, PLAN.partitions(topic)));
        SortedMap<String, Path> beside = new TreeMap<>();
        beside.put("run/metrics.csv", Files.writeString(folder.resolve("metrics.csv"), "step,loss\n".repeat(100)));
        List<ArchiveManifest.Checkpoint> checkpoints =
                List.of(new ArchiveManifest.Checkpoint("p1/step-12.safetensors", OptionalLong.of(12), "ab", false));
        Path archive = folder.resolve(name);
        try (PlannedLog log = open(files)) {
            ArchiveWriter.write(
                    archive,
                    log,
                    new ArchiveManifest(files.run(), partitions, checkpoints),
                    beside,
                    (member, bytes) -> {});
        }
        return archive;
    }

    private static List<RecordedLog.Entry> entries(RecordedLog log) {
        List<RecordedLog.Entry> entries = new ArrayList<>();
        for (Topic topic : Topic.values()) {
            for (int partition = 0; partition < log.partitions(topic); partition++) {
                try (RecordedLog.Reading reading = log.read(topic, partition)) {
                    reading.stream().forEach(entries::add);
                }
            }
        }
        return entries;
    }

    private static Verification.Verdict verdict(RecordedLog log) {
        return new Verification(log, SmallRun.teacher("one"), step -> 0.1, Verification.Batches.unchecked())
                .verdict(step -> {});
    }

    private static List<Study.Answer> answers(RecordedLog log) {
        Experiment.Method recorded = new Experiment.Method("one", Map.of());
        return new Study(
                        log,
                        List.of(
                                WhatIf.asRecorded(recorded),
                                WhatIf.asRecorded(new Experiment.Method("mean_logit", Map.of()))),
                        whatIf -> SmallRun.teacher(whatIf.method()),
                        step -> 0.1,
                        Ints.of(0, 1, 2, 0),
                        SmallRun.CLASSES)
                .answers(step -> {});
    }

    @Test
    void isReadAsTheRunItself() throws IOException {
        SegmentFiles files = files();
        try (PlannedLog log = open(files);
                ArchivedLog archived = ArchivedLog.open(archive(files, "a.zip"))) {
            assertThat(entries(archived)).isEqualTo(entries(log)).isNotEmpty();
            assertThat(verdict(archived)).isEqualTo(verdict(log));
            assertThat(verdict(archived).clean()).isTrue();
            assertThat(answers(archived).stream()
                            .map(a -> a.differing() + " " + a.agreement() + " "
                                    + a.taught().brier()))
                    .isEqualTo(answers(log).stream()
                            .map(a -> a.differing() + " " + a.agreement() + " "
                                    + a.taught().brier())
                            .toList());
            assertThat(archived.runId()).isEqualTo(files.run());
            assertThat(archived.manifest().checkpoints())
                    .containsExactly(
                            new ArchiveManifest.Checkpoint("p1/step-12.safetensors", OptionalLong.of(12), "ab", false));
        }
    }

    @Test
    void equalRunsMakeEqualArchivesThatBeginWithTheirManifest() throws IOException {
        SegmentFiles files = files();
        Path first = archive(files, "a.zip");
        assertThat(first).hasSameBinaryContentAs(archive(files, "b.zip"));
        try (ZipFile zip = new ZipFile(first.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName))
                    .startsWith("MANIFEST.json", "topics/run-0.records")
                    .endsWith("run/metrics.csv", "SHA256SUMS");
        }
        assertThat(folder.toFile().list()).doesNotContain("a.zip.part");
        assertThatThrownBy(() -> archive(files, "a.zip")).hasMessageContaining("exists already");
    }

    @Test
    void whatTheRunLacksIsNotMadeUp() throws IOException {
        SegmentFiles files = files();
        byte[] bytes = Files.readAllBytes(files.segment(Topic.OUTCOMES, 0));
        bytes[files.batchAt(Topic.OUTCOMES, 0, 5) - 1] ^= 1;
        Files.write(files.segment(Topic.OUTCOMES, 0), Arrays.copyOf(bytes, bytes.length - 9));
        Files.delete(files.segment(Topic.PREDICTIONS, ListedLog.partitionOf(PEERS.get(0))));

        try (PlannedLog log = open(files);
                ArchivedLog archived = ArchivedLog.open(archive(files, "a.zip"))) {
            assertThat(entries(archived)).isEqualTo(entries(log));
            assertThat(verdict(archived)).isEqualTo(verdict(log));
            assertThat(verdict(archived).clean()).isFalse();
        }
    }

    @Test
    void aFlippedBitIsNamedWithItsMember() throws IOException {
        Path whole = archive(files(), "a.zip");
        byte[] bytes = Files.readAllBytes(whole);
        int named = 0;
        List<String> members = new ArrayList<>();
        try (ZipFile zip = new ZipFile(whole.toFile())) {
            zip.stream()
                    .filter(e -> e.getCompressedSize() > 20)
                    .map(ZipEntry::getName)
                    .forEach(members::add);
        }
        for (String member : members) {
            // Behind the local header, where the name appears first.
            int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(member) + member.length() + 12;
            byte[] flipped = bytes.clone();
            flipped[at] ^= 8;
            Path damaged = Files.write(folder.resolve("damaged.zip"), flipped);
            assertThatThrownBy(() -> ArchivedLog.open(damaged))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("member " + member + " ");
            named++;
        }
        assertThat(named).as("members with something in them").isGreaterThan(5);
    }

    @Test
    void aCutOrForeignFileIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(archive(files(), "a.zip"));
        Path cut = Files.write(folder.resolve("cut.zip"), Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> ArchivedLog.open(cut))
                .hasMessageContaining("cut.zip")
                .hasMessageContaining("truncated");
        Path foreign = Files.writeString(folder.resolve("foreign.zip"), "no zip at all");
        assertThatThrownBy(() -> ArchivedLog.open(foreign)).hasMessageContaining("foreign.zip");
    }
}
