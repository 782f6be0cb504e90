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

/** Peers that left since their numbers were no longer finite, and whether the run was given up. */
final class Divergences implements Rule {
    private static final String SUBJECT = "divergence";

    private final SortedMap<PeerId, Left.Divergence> peers = new TreeMap<>();
    private Optional<String> aborted = Optional.empty();

    @Override
    public void said(RecordedLog.Said said) {
        if (said.message() instanceof Left left) {
            left.divergence().ifPresent(divergence -> peers.putIfAbsent(left.peer(), divergence));
        } else if (said.message() instanceof Command command && command.kind() == Command.Kind.ABORT) {
            aborted = aborted.or(() -> Optional.of(command.reason()));
        }
    }

    /** Whether the run ended before its last step, since it could not go on. */
    boolean givenUp() {
        return aborted.isPresent();
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
        aborted.ifPresent(why -> found.add(new Diagnosis(
                "the run was given up",
                Severity.SEVERE,
                why,
                "the experiment",
                "mend what is said there, and begin a new run")));
        return Opinion.of(SUBJECT, found);
    }
}
