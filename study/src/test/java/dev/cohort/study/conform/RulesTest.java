package dev.cohort.study.conform;

import static dev.cohort.study.conform.GoodPeer.SELF;
import static dev.cohort.study.conform.GoodPeer.said;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.RecordedLog.Said;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule passes a peer that keeps it, and fails one that breaks it. */
class RulesTest {
    /** Rules that the undisturbed run does not show. */
    private static final List<String> NOT_SEEN = List.of(
            "aborts",
            "drains",
            "drains-in-order",
            "feature-width",
            "first-batch-counts",
            "first-outcome-counts",
            "refused",
            "resends-alike",
            "restart");

    @Test
    void aPeerThatKeepsThemPassesAllRulesThatARunShows() {
        List<RuleVerdict> verdicts = judge(GoodPeer.run());
        assertThat(names(verdicts, RuleVerdict.Word.FAILED)).as("%s", verdicts).isEmpty();
        assertThat(names(verdicts, RuleVerdict.Word.NOT_SEEN)).containsExactlyElementsOf(NOT_SEEN);
    }

    @ParameterizedTest
    @MethodSource("dev.cohort.study.conform.Sabotages#all")
    void failsAPeerThatBreaksTheRuleAndNoOther(Sabotages.Sabotage sabotage) {
        List<RuleVerdict> broken = judge(sabotage.broken());
        assertThat(names(broken, RuleVerdict.Word.FAILED)).as("%s", broken).containsExactlyElementsOf(sabotage.rules());
        List<RuleVerdict> kept = judge(sabotage.kept());
        assertThat(names(kept, RuleVerdict.Word.FAILED)).as("%s", kept).isEmpty();
        assertThat(names(kept, RuleVerdict.Word.PASSED)).containsAll(sabotage.rules());
    }

    @Test
    void everyRuleIsBrokenByASabotage() {
        TreeSet<String> all =
                new TreeSet<>(Conformance.rules().stream().map(Rule::name).toList());
        // The two need another subject, or a record that nobody can read: they have tests of their own.
        all.removeAll(List.of("feature-width", "readable"));
        TreeSet<String> broken = new TreeSet<>();
        Sabotages.all().forEach(sabotage -> broken.addAll(sabotage.rules()));
        assertThat(broken).isEqualTo(all);
    }

    @Test
    void failsARecordThatNobodyCanRead() {
        Conformance conformance = new Conformance(GoodPeer.subject());
        conformance.take(new RecordedLog.Refused(
                Topic.PREDICTIONS,
                1,
                5,
                5,
                new Decoding.Rejected(Reason.NOT_FINITE, SELF.value(), "tensor logits holds NaN", Optional.empty())));
        assertThat(names(conformance.verdicts(), RuleVerdict.Word.FAILED)).containsExactly("readable");
    }

    @Test
    void failsANamedPeerOfAnotherFeatureWidthWhereTheMethodReadsFeatures() {
        Subject guest = GoodPeer.subject();
        Subject named = new Subject(
                GoodPeer.OTHER, guest.manifest(), guest.experiment(), List.of("features"), GoodPeer.PARTITIONS);
        assertThat(widthVerdict(named, 16)).isEqualTo(RuleVerdict.Word.FAILED);
        assertThat(widthVerdict(named, 32)).isEqualTo(RuleVerdict.Word.PASSED);
    }

    private static RuleVerdict.Word widthVerdict(Subject named, int width) {
        Conformance conformance = new Conformance(named);
        conformance.take(
                said("p1", new Joining(GoodPeer.OTHER, 1, "mine", "cpu", false, width, 0, GoodPeer.DATA, 1), 1_000));
        return conformance.verdicts().stream()
                .filter(v -> v.rule().equals("feature-width"))
                .findFirst()
                .orElseThrow()
                .word();
    }

    @Test
    void aBreachNamesTheRecordAndWhatMustBeThere() {
        RuleVerdict verdict =
                judge(Sabotages.with(Evaluation.class, record -> Sabotages.from("somebody", record))).stream()
                        .filter(v -> v.rule().equals("sender"))
                        .findFirst()
                        .orElseThrow();
        RuleVerdict.Breach breach = verdict.first().orElseThrow();
        assertThat(breach.record()).startsWith("evaluations-0 offset ");
        assertThat(breach.found()).isEqualTo("sender somebody");
        assertThat(breach.must()).isEqualTo("guest");
    }

    private static List<RuleVerdict> judge(List<Said> records) {
        Conformance conformance = new Conformance(GoodPeer.subject());
        records.forEach(conformance::take);
        return conformance.verdicts();
    }

    private static List<String> names(List<RuleVerdict> verdicts, RuleVerdict.Word word) {
        return verdicts.stream()
                .filter(v -> v.word() == word)
                .map(RuleVerdict::rule)
                .sorted()
                .toList();
    }
}
