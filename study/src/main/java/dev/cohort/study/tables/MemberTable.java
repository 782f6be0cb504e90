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

/** Fills the table of the messages about membership. */
final class MemberTable {
    private final Rows rows;

    MemberTable(Rows rows) {
        this.rows = rows;
    }

    void fill(RecordedLog log) {
        RecordTables.each(log, Topic.MEMBERS, entry -> {
            if (entry instanceof RecordedLog.Said record) {
                row(record);
            }
        });
    }

    private Rows head(RecordedLog.Said record, String kind, String peer) {
        return rows.number(record.offset())
                .number(record.appendedMs())
                .text(record.sender())
                .text(kind)
                .text(peer);
    }

    private void row(RecordedLog.Said record) {
        if (record.message() instanceof Heartbeat heartbeat) {
            Heartbeat.Figures figures = heartbeat.figures();
            head(record, "heartbeat", heartbeat.peer().value())
                    .number(heartbeat.incarnation())
                    .number(heartbeat.step())
                    .text(StepTables.lower(heartbeat.state()));
            noSeat();
            rows.text(Optional.empty())
                    .text(Optional.empty())
                    .real(figures.imagesPerSecond())
                    .real(figures.waitShare())
                    .real(figures.crossEntropy())
                    .real(figures.distillation())
                    .real(figures.correct())
                    .end();
        } else if (record.message() instanceof Joining joining) {
            head(record, "joining", joining.peer().value())
                    .number(joining.incarnation())
                    .number(joining.trainedSteps())
                    .text(Optional.empty())
                    .number(OptionalLong.empty())
                    .text(joining.model())
                    .text(joining.device())
                    .flag(joining.observer())
                    .rest();
        } else if (record.message() instanceof Admitted admitted) {
            head(record, "admitted", admitted.peer().value())
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
            change(record);
        }
    }

    /** Messages that change a peer's standing. */
    private void change(RecordedLog.Said record) {
        if (record.message() instanceof Rejection rejection) {
            head(record, "rejection", rejection.peer().value())
                    .number(OptionalLong.empty())
                    .number(rejection.step())
                    .text(Optional.empty());
            noSeat();
            rows.text(StepTables.lower(rejection.reason()))
                    .text(rejection.detail())
                    .rest();
        } else if (record.message() instanceof Left left) {
            left(record, left);
        } else if (record.message() instanceof Draining draining) {
            head(record, "draining", draining.peer().value())
                    .number(draining.incarnation())
                    .number(draining.lastStep())
                    .text(Optional.empty());
            noSeat();
            rows.text(draining.reason()).rest();
        } else if (record.message() instanceof StandingChange change) {
            head(record, "standing", change.peer().value())
                    .number(change.incarnation())
                    .number(change.step())
                    .text(StepTables.lower(change.standing()));
            noSeat();
            rows.text(change.why()).rest();
        }
    }

    private void left(RecordedLog.Said record, Left left) {
        Optional<Left.Result> result = left.result();
        head(record, "left", left.peer().value())
                .number(left.incarnation())
                .number(result.map(r -> OptionalLong.of(r.stepsTrained())).orElse(OptionalLong.empty()))
                .text(Optional.empty());
        noSeat();
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
    private void noSeat() {
        rows.number(OptionalLong.empty())
                .text(Optional.empty())
                .text(Optional.empty())
                .flag(Optional.empty());
    }

    private static OptionalDouble real(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }
}
