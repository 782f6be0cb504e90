package dev.cohort.study.diagnosis;

import java.util.List;
import java.util.Optional;

/**
 * What a rule makes of a run.
 *
 * @param subject what it looked at
 * @param tooShort why it cannot judge yet; empty when it could, or when there is nothing of the kind in this run
 */
public record Opinion(String subject, List<Diagnosis> found, Optional<String> tooShort) {
    public Opinion {
        found = List.copyOf(found);
    }

    static Opinion of(String subject, List<Diagnosis> found) {
        return new Opinion(subject, found, Optional.empty());
    }

    static Opinion tooShort(String subject, long has, long needs) {
        return new Opinion(subject, List.of(), Optional.of(has + " steps to go by, at least " + needs + " are needed"));
    }
}
