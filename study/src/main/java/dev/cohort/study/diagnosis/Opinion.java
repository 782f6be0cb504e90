package dev.cohort.study.diagnosis;

import java.util.List;
import java.util.Optional;

/**
 * The opinion of a rule about a run.
 *
 * @param subject what the rule checks
 * @param tooShort why the run is too short to judge; empty if it is not, or if the subject does not occur in the run
 */
public record Opinion(String subject, List<Diagnosis> found, Optional<String> tooShort) {
    public Opinion {
        found = List.copyOf(found);
    }

    static Opinion of(String subject, List<Diagnosis> found) {
        return new Opinion(subject, found, Optional.empty());
    }

    static Opinion tooShort(String subject, long has, long needs) {
        return new Opinion(subject, List.of(), Optional.of("it has " + has + " steps, and needs at least " + needs));
    }
}
