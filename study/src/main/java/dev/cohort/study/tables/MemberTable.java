package dev.cohort.study.tables;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Fills the table of what was said about membership. */
final class MemberTable {
    private final Rows rows;

    MemberTable(Rows rows) {
        this.rows = rows;
    }

    void fill(RecordedLog log) {
        RecordTables.each(log, Topic.MEMBERS, entry -> {
            if (entry instanceof RecordedLog.Said said) {
                row(said);
            }
        });
    }

    private Rows head(RecordedLog.Said said, String kind, String peer) {
        return rows.number(said.offset())
                .number(said.appendedMs())
                .text(said.sender())
                .text(kind)
                .text(peer);
    }

    private void row(RecordedLog.Said said) {
        if (said.message() instanceof Heartbeat heartbeat) {
            Heartbeat.Figures figures = heartbeat.figures();
            head(said, "heartbeat", heartbeat.peer().value())
                    .number(heartbeat.incarnation())
                    .number(heartbeat.step())
                    .text(StepTables.lower(heartbeat.state()));
            nothingOfASeat();
            rows.text(Optional.empty())
                    .text(Optional.empty())
                    .real(figures.imagesPerSecond())
                    .real(figures.waitShare())
                    .real(figures.crossEntropy())
                    .real(figures.distillation())
                    .real(figures.correct())
                    .end();
        } else if (said.message() instanceof Joining joining) {
            head(said, "joining", joining.peer().value())
                    .number(joining.incarnation())
                    .number(joining.trainedSteps())
                    .text(Optional.empty())
                    .number(OptionalLong.empty())
                    .text(joining.model())
                    .text(joining.device())
                    .flag(joining.observer())
                    .rest();
        } else if (said.message() instanceof Admitted admitted) {
            head(said, "admitted", admitted.peer().value())
                    .number(admitted.incarnation())
                    .number(admitted.step())
                    .text(Optional.empty())
                    .number(admitted.refused() ? OptionalLong.empty() : OptionalLong.of(admitted.slot()))
                    .text(Optional.empty())
                    .text(Optional.empty())
                    .flag(Optional.empty())
                    .text(admitted.refused() ? Optional.of(admitted.refusal()) : Optional.empty())
                    .rest();
        } else {
            change(said);
        }
    }

    /** Of what changes a peer's standing. */
    private void change(RecordedLog.Said said) {
        if (said.message() instanceof Rejection rejection) {
            head(said, "rejection", rejection.peer().value())
                    .number(OptionalLong.empty())
                    .number(rejection.step())
                    .text(Optional.empty());
            nothingOfASeat();
            rows.text(StepTables.lower(rejection.reason()))
                    .text(rejection.detail())
                    .rest();
        } else if (said.message() instanceof Left left) {
            left(said, left);
        } else if (said.message() instanceof Draining draining) {
            head(said, "draining", draining.peer().value())
                    .number(draining.incarnation())
                    .number(draining.lastStep())
                    .text(Optional.empty());
            nothingOfASeat();
            rows.text(draining.reason()).rest();
        } else if (said.message() instanceof StandingChange change) {
            head(said, "standing", change.peer().value())
                    .number(change.incarnation())
                    .number(change.step())
                    .text(StepTables.lower(change.standing()));
            nothingOfASeat();
            rows.text(change.why()).rest();
        }
    }

    private void left(RecordedLog.Said said, Left left) {
        Optional<Left.Result> result = left.result();
        head(said, "left", left.peer().value())
                .number(left.incarnation())
                .number(result.map(r -> OptionalLong.of(r.stepsTrained())).orElse(OptionalLong.empty()))
                .text(Optional.empty());
        nothingOfASeat();
        rows.text(left.reason())
                .text(result.map(r -> r.weights().hex()))
                .real(real(result.map(Left.Result::imagesPerSecond)))
                .real(real(result.map(Left.Result::waitShare)))
                .real(OptionalDouble.empty())
                .real(OptionalDouble.empty())
                .real(real(result.map(Left.Result::testAccuracy)))
                .end();
    }

    /** Leaves slot, model, device and observer empty. */
    private void nothingOfASeat() {
        rows.number(OptionalLong.empty())
                .text(Optional.empty())
                .text(Optional.empty())
                .flag(Optional.empty());
    }

    private static OptionalDouble real(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }
}
