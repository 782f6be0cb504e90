package dev.cohort.study;

import static dev.cohort.study.SmallRun.PEERS;
import static dev.cohort.study.SmallRun.STEPS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.kafka.PlannedLog;
import dev.cohort.runtime.kafka.SegmentLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Studies logs with damaged files: readers report which steps remain, and check those. */
class DamagedLogTest {
    private static final TopicPlan PLAN = new TopicPlan(3, 2, 1, OptionalLong.empty());

    @TempDir
    private Path folder = Path.of("");

    private SegmentFiles files(String method) throws IOException {
        ListedLog log = new SmallRun().log(method);
        // A topic without records has nothing to damage.
        log.append(new Command(Command.Kind.STOP, Optional.empty(), "by hand"));
        return SegmentFiles.write(log, Files.createDirectories(folder.resolve("log")));
    }

    /** The verdict, and the ranges that could not be read. */
    private record Checked(Verification.Verdict verdict, List<String> unreadable) {
        List<String> missing() {
            return verdict.findings().stream()
                    .filter(f -> f.kind() == Finding.Kind.MISSING)
                    .map(Finding::sentence)
                    .toList();
        }
    }

    private static Checked check(SegmentFiles files, String method) {
        try (PlannedLog log = new PlannedLog(SegmentLog.open(files.folder(), files.run()), PLAN)) {
            Verification.Verdict verdict = new Verification(
                            log, SmallRun.teacher(method), step -> 0.1, Verification.Batches.unchecked())
                    .verdict(step -> {});
            List<String> unreadable = log.unreadable().values().stream()
                    .map(range -> range.place() + ": " + range.why())
                    .toList();
            assertThat(verdict.findings())
                    .as("nothing that can be read is wrong")
                    .noneMatch(f -> f.kind() == Finding.Kind.DIFFERS);
            assertThat(verdict.refused()).as("records as they were written").isEmpty();
            return new Checked(verdict, unreadable);
        }
    }

    private static void flip(SegmentFiles files, Topic topic, int partition, int batch) throws IOException {
        byte[] bytes = Files.readAllBytes(files.segment(topic, partition));
        bytes[files.batchAt(topic, partition, batch + 1) - 1] ^= 1;
        Files.write(files.segment(topic, partition), bytes);
    }

    @Test
    void aCompleteLogCanBeStudied() throws IOException {
        Checked whole = check(files("one"), "one");

        assertThat(whole.unreadable()).isEmpty();
        assertThat(whole.verdict().clean()).isTrue();
        assertThat(whole.verdict().studied().all()).isTrue();
        assertThat(whole.verdict().studied().sentence()).isEqualTo("steps 1..12 of 12");
    }

    @Test
    void aHoleInTheOutcomesLeavesTheStepsAroundIt() throws IOException {
        SegmentFiles files = files("mean_logit");
        flip(files, Topic.OUTCOMES, 0, 4);

        Checked damaged = check(files, "mean_logit");

        assertThat(damaged.unreadable())
                .singleElement()
                .asString()
                .startsWith("outcomes-0 offsets 4 to 4: 00000000000000000000.log bytes ")
                .endsWith("wrong CRC of a record batch");
        assertThat(damaged.verdict().studied().sentence()).isEqualTo("steps 1..4 and 6..12 of 12");
        assertThat(damaged.verdict().recomputed()).as("all others").isEqualTo(STEPS - 1);
        assertThat(damaged.verdict().unknownFrom()).as("no state to lose").isEmpty();
    }

    @Test
    void aTrainedTeacherIsNotKnownBehindAHole() throws IOException {
        SegmentFiles files = files("one");
        flip(files, Topic.PREDICTIONS, ListedLog.partitionOf(PEERS.get(0)), 0);

        Checked damaged = check(files, "one");

        assertThat(damaged.verdict().studied().sentence()).isEqualTo("steps 2..12 of 12");
        assertThat(damaged.verdict().unknownFrom()).hasValue(1);
        assertThat(damaged.verdict().recomputed()).isZero();
        assertThat(damaged.missing())
                .as("and everything else is looked at")
                .containsExactly("step 1, peer p1, prediction: not in the log");
    }

    @Test
    void aHoleInTheBatchesOrPartsIsNamedWithItsStep() throws IOException {
        SegmentFiles files = files("one");
        flip(files, Topic.BATCHES, 0, 8);
        flip(files, Topic.ADDRESSED, 1, 2);

        Checked damaged = check(files, "one");

        assertThat(damaged.verdict().studied().sentence()).isEqualTo("steps 1..2, 4..8 and 10..12 of 12");
        assertThat(damaged.verdict().unknownFrom()).hasValue(9);
        assertThat(damaged.verdict().recomputed()).isEqualTo(8);
    }

    @Test
    void whatAHalfWrittenLogHasIsStudied() throws IOException {
        SegmentFiles files = files("mean_logit");
        Path outcomes = files.segment(Topic.OUTCOMES, 0);
        byte[] bytes = Files.readAllBytes(outcomes);
        Files.write(outcomes, Arrays.copyOf(bytes, files.batchAt(Topic.OUTCOMES, 0, 7) + 70));

        Checked damaged = check(files, "mean_logit");

        assertThat(damaged.verdict().studied().sentence()).isEqualTo("steps 1..7 of 12");
        assertThat(damaged.unreadable()).singleElement().asString().startsWith("outcomes-0 offsets 7 to the end: ");
        assertThat(damaged.missing())
                .containsExactly("step 8, outcome: steps 8 to 12 of the run have no outcome in the log");
    }

    @ParameterizedTest
    @EnumSource(
            value = Topic.class,
            names = {"BATCHES", "PREDICTIONS", "OUTCOMES", "EVALUATIONS", "CONTROL"})
    void everyKindOfDamageToEveryTopicIsFound(Topic topic) throws IOException {
        SegmentFiles files = files("mean_logit");
        flip(files, topic, 0, 0);
        expectDamage(files, topic, " offsets 0 to ");

        files("mean_logit");
        byte[] bytes = Files.readAllBytes(files.segment(topic, 0));
        Files.write(files.segment(topic, 0), Arrays.copyOf(bytes, bytes.length - 1));
        expectDamage(files, topic, " to the end");

        files("mean_logit");
        Files.delete(files.segment(topic, 0));
        expectDamage(files, topic, "written according to the broker's");

        Files.delete(files.segment(topic, 0).getParent());
        expectDamage(files, topic, "no folder ");
        files("mean_logit");
    }

    private static void expectDamage(SegmentFiles files, Topic topic, String words) {
        Checked damaged = check(files, "mean_logit");
        assertThat(damaged.unreadable())
                .singleElement()
                .asString()
                .startsWith(topic.suffix() + "-0 ")
                .contains(words);
        assertThat(damaged.verdict().clean()).isFalse();
    }

    @Test
    void otherTeachersAreAskedAboutTheRest() throws IOException {
        for (String method : List.of("mean_logit", "one")) {
            SegmentFiles files = files(method);
            flip(files, Topic.OUTCOMES, 0, 4);
            try (PlannedLog log = new PlannedLog(SegmentLog.open(files.folder(), files.run()), PLAN)) {
                Experiment.Method recorded = new Experiment.Method(method, Map.of());
                Study study = new Study(
                        log,
                        List.of(WhatIf.asRecorded(recorded)),
                        whatIf -> SmallRun.teacher(whatIf.method()),
                        step -> 0.1,
                        Ints.of(0, 1, 2, 0),
                        SmallRun.CLASSES);
                Study.Answer answer = study.answers(step -> {}).get(0);

                assertThat(answer.differing()).as("its own settings").isZero();
                assertThat(study.studied().sentence()).isEqualTo("steps 1..4 and 6..12 of 12");
                boolean trained = method.equals("one");
                assertThat(answer.steps()).isEqualTo(trained ? 4 : STEPS - 1);
                assertThat(answer.unknown()).isEqualTo(trained ? 7 : 0);
                assertThat(answer.unknownFrom()).isEqualTo(trained ? OptionalLong.of(6) : OptionalLong.empty());
            }
        }
    }

    @Test
    void damageThatNoOutcomeNeedsIsFoundToo() throws IOException {
        SegmentFiles files = files("mean_logit");
        Files.delete(files.segment(Topic.ADDRESSED, 2));
        Files.delete(files.segment(Topic.ADDRESSED, 2).getParent());

        Checked damaged = check(files, "mean_logit");

        assertThat(damaged.verdict().studied().all()).isTrue();
        assertThat(damaged.unreadable()).singleElement().asString().startsWith("addressed-2 offsets 0 to the end: ");
        assertThat(damaged.verdict().clean()).isFalse();
    }
}
