package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reports peers that left because their numbers were no longer finite, and whether the run was aborted. */
final class Divergences implements Rule {
    private static final String SUBJECT = "divergence";

    private final SortedMap<PeerId, Left.Divergence> peers = new TreeMap<>();
    private Optional<String> abortReason = Optional.empty();

    @Override
    public void record(RecordedLog.Said record) {
        if (record.message() instanceof Left left) {
            left.divergence().ifPresent(divergence -> peers.putIfAbsent(left.peer(), divergence));
        } else if (record.message() instanceof Command command && command.kind() == Command.Kind.ABORT) {
            abortReason = abortReason.or(() -> Optional.of(command.reason()));
        }
    }

    /** Whether the run was aborted before its last step. */
    boolean aborted() {
        return abortReason.isPresent();
    }

    @Override
    public Opinion opinion() {
        List<Diagnosis> found = new ArrayList<>();
        peers.forEach((peer, divergence) -> found.add(new Diagnosis(
                "peer " + peer + " diverged",
                Severity.SEVERE,
                "at step " + divergence.step() + ": " + divergence.what() + "; it left",
                "optimizer.learning_rate",
                "lower the learning rate, or warm it up (optimizer.schedule.warmup_epochs)")));
        abortReason.ifPresent(why -> found.add(new Diagnosis(
                "the run was aborted",
                Severity.SEVERE,
                why,
                "the experiment",
                "fix the cause given there and start a new run")));
        return Opinion.of(SUBJECT, found);
    }
}
