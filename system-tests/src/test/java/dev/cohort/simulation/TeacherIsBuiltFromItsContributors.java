package dev.cohort.simulation;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Outcome.Targets;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.TermDigest;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.List;
import java.util.Optional;

/**
 * Every outcome, losing ones included, follows exactly from the predictions and the state that it names; its parts for
 * single peers precede it in the log.
 */
final class TeacherIsBuiltFromItsContributors implements Invariant {
    private final LogView log;
    private final ReferenceTeacher reference;

    TeacherIsBuiltFromItsContributors(LogView log, ReferenceTeacher reference) {
        this.log = log;
        this.reference = reference;
    }

    @Override
    public void appended(Entry entry) {
        if (entry.message() instanceof Outcome outcome) {
            Optional<Digest> before = reference.hashAfter(outcome.step() - 1);
            require(
                    before.isPresent(),
                    "outcome {} is proposed before step {} has one",
                    outcome.step(),
                    outcome.step() - 1);
            require(
                    before.equals(Optional.of(outcome.stateBefore())),
                    "outcome {} of {} is made from teacher {}, the log has {}",
                    outcome.step(),
                    outcome.coordinator(),
                    outcome.stateBefore(),
                    before);
            outcome.contributors().forEach(named -> isInTheLog(outcome, named));
            saysWhatTheyMake(outcome);
        }
    }

    private void isInTheLog(Outcome outcome, Outcome.Contributor named) {
        Optional<Prediction> published = log.prediction(outcome.step(), named.peer());
        require(
                published.isPresent()
                        && log.tensors(published.get()).isPresent()
                        && published.get().digest().equals(named.tensors())
                        && published.get().incarnation() == named.incarnation()
                        && published.get().version() == named.version(),
                "outcome {} names {}, whose first prediction in the log is {}",
                outcome.step(),
                named,
                published);
    }

    private void saysWhatTheyMake(Outcome outcome) {
        Optional<Teacher.TeacherStep> lesson = reference.lesson(outcome);
        require(
                lesson.isPresent() == (outcome.resolution() instanceof Targets),
                "outcome {} has {} contributors and result {}",
                outcome.step(),
                outcome.contributors().size(),
                outcome.resolution().getClass().getSimpleName());
        if (outcome.resolution() instanceof Targets targets) {
            Teacher.TeacherStep made = lesson.orElseThrow();
            require(
                    digest(targets.terms()).equals(digest(made.terms())) && targets.labelWeight() == made.labelWeight(),
                    "outcome {} of {} does not follow from its contributors",
                    outcome.step(),
                    outcome.coordinator());
            addsWhatItNames(outcome, targets, made);
        }
    }

    private void addsWhatItNames(Outcome outcome, Targets targets, Teacher.TeacherStep made) {
        for (Outcome.Contributor named : outcome.contributors()) {
            List<Term> terms = made.addressed().getOrDefault(named.slot(), List.of());
            Optional<Digest> expected = terms.isEmpty()
                    ? Optional.empty()
                    : Optional.of(MapGradients.parcel(outcome.step(), 0, named.peer(), named.slot(), terms)
                            .addressed()
                            .digest());
            Optional<Outcome.Part> part = targets.addressed().stream()
                    .filter(p -> p.peer().equals(named.peer()))
                    .findFirst();
            require(
                    part.map(Outcome.Part::digest).equals(expected)
                            && part.stream()
                                    .allMatch(p ->
                                            log.addressed(p).flatMap(log::terms).isPresent()),
                    "part of outcome {} for {} is {}, must be {} and in the log before",
                    outcome.step(),
                    named.peer(),
                    part,
                    expected);
        }
    }

    private static Digest digest(List<Term> terms) {
        Hasher hasher = new Hasher();
        TermDigest.hash(terms, hasher);
        return hasher.digest();
    }
}
