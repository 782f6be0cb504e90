package dev.cohort.study.diagnosis;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Rejection;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reports predictions that the coordinator rejected. */
final class RejectedPredictions implements Rule {
    private static final String SUBJECT = "rejected predictions";

    private static final class Sum {
        private final SortedMap<PeerId, Long> peers = new TreeMap<>();
        private long firstStep = Long.MAX_VALUE;
        private long lastStep;
        private String detail = "";
    }

    private final Map<Rejection.Reason, Sum> sums = new EnumMap<>(Rejection.Reason.class);

    @Override
    public void record(RecordedLog.Said record) {
        if (record.message() instanceof Rejection rejection) {
            Sum sum = sums.computeIfAbsent(rejection.reason(), r -> new Sum());
            sum.peers.merge(rejection.peer(), 1L, Long::sum);
            sum.firstStep = Math.min(sum.firstStep, rejection.step());
            sum.lastStep = Math.max(sum.lastStep, rejection.step());
            sum.detail = rejection.detail();
        }
    }

    @Override
    public Opinion opinion() {
        List<Diagnosis> found = new ArrayList<>();
        sums.forEach((reason, sum) -> {
            StringBuilder peers = new StringBuilder();
            sum.peers.forEach((peer, count) -> peers.append(peers.length() == 0 ? "" : ", ")
                    .append(peer)
                    .append(' ')
                    .append(count));
            String evidence = "by peer: " + peers + "; steps " + sum.firstStep + " to " + sum.lastStep + "; the last: "
                    + sum.detail;
            found.add(diagnosis(reason, evidence));
        });
        return Opinion.of(SUBJECT, found);
    }

    private static Diagnosis diagnosis(Rejection.Reason reason, String evidence) {
        return switch (reason) {
            case DIGEST ->
                new Diagnosis(
                        "a peer renders different images",
                        Severity.SEVERE,
                        evidence,
                        "data.path, data.mode",
                        "give it the same files and the same version of Cohort, or send the pixels"
                                + " (data.mode=pixels)");
            case NOT_FINITE ->
                new Diagnosis(
                        "a peer diverged: its predictions are not finite",
                        Severity.SEVERE,
                        evidence,
                        "optimizer.learning_rate",
                        "lower the learning rate, or warm it up (optimizer.schedule.warmup_epochs)");
            case SHAPE ->
                new Diagnosis(
                        "predictions of the wrong shape",
                        Severity.SEVERE,
                        evidence,
                        "peers[].model",
                        "let it join with the model for which it was admitted");
            case MALFORMED ->
                new Diagnosis(
                        "predictions that cannot be read",
                        Severity.SEVERE,
                        evidence,
                        "the peer's program",
                        "run the same version of Cohort there, or fix the program that writes them (cohort.proto)");
            case PARTITION ->
                new Diagnosis(
                        "predictions on another peer's partition",
                        Severity.SEVERE,
                        evidence,
                        "the peer's program",
                        "write them to the partition of the peer itself (docs/adr/0004-topics-and-partitions.md)");
        };
    }
}
