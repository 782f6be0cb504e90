package dev.cohort.study.conform;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Prediction;
import dev.cohort.runtime.RecordedLog;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** How a peer evaluates and leaves. */
final class LeavingRules {
    private LeavingRules() {}

    static List<Rule> all() {
        return List.of(
                new Evaluates(),
                new AtTheEnd("finishes", "After the last step a peer leaves as finished.", LeavingRules::finishes),
                new AtTheEnd(
                        "drains",
                        "A peer that is asked to leave announces it and leaves as drained.",
                        LeavingRules::drains),
                new EachRecord<>(
                        "drains-in-order",
                        "A peer predicts no step behind the last one that it has announced.",
                        Prediction.class,
                        LeavingRules::inOrder),
                new AtTheEnd("aborts", "A peer of a run that is given up leaves as aborted.", LeavingRules::aborts),
                new AtTheEnd("refused", "A peer that gets no seat leaves as refused.", LeavingRules::refused),
                new EachRecord<>(
                        "result", "A peer that leaves says how far it has trained.", Left.class, LeavingRules::result));
    }

    /** A rule about the whole log. */
    private record AtTheEnd(String name, String promise, Test test) implements Rule {
        interface Test {
            Ruling judge(Course course);
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            return Ruling.NOT_CONCERNED;
        }

        @Override
        public Ruling end(Course course) {
            return test.judge(course);
        }
    }

    /** Every step at the end of an epoch that the peer has trained, and the last one, has an evaluation. */
    private static final class Evaluates implements Rule {
        private final SortedSet<Long> due = new TreeSet<>();
        private final SortedSet<Long> done = new TreeSet<>();
        private long first = Long.MAX_VALUE;

        @Override
        public String name() {
            return "evaluates";
        }

        @Override
        public String promise() {
            return "A peer evaluates after each epoch and after its last step.";
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            if (record.message() instanceof Batch batch && batch.endsEpoch()) {
                due.add(batch.step());
            } else if (record.message() instanceof Evaluation e
                    && e.source().equals(course.subject().peer().value())) {
                done.add(e.step());
            } else if (record.message() instanceof Prediction p && course.isSelf(p.peer())) {
                first = Math.min(first, p.step());
            }
            return Ruling.NOT_CONCERNED;
        }

        @Override
        public Ruling end(Course course) {
            Optional<Left> left = course.left(course.newestStart());
            long last =
                    left.flatMap(Left::result).map(Left.Result::stepsTrained).orElse(0L);
            boolean inOrder = left.filter(
                            l -> l.reason().equals(Left.FINISHED) || l.reason().startsWith("drained"))
                    .isPresent();
            if (!inOrder || last == 0) {
                return Ruling.NOT_CONCERNED;
            }
            due.add(last);
            SortedSet<Long> missing = new TreeSet<>(due.headSet(last + 1).tailSet(Math.min(first, last)));
            missing.removeAll(done);
            return Ruling.of(
                    missing.isEmpty(),
                    "no evaluation after steps " + missing,
                    "one after each of them, and before Left");
        }
    }

    private static Ruling finishes(Course course) {
        boolean asked = course.drain().isPresent() || course.abort().isPresent();
        Optional<Left> left = course.left(course.newestStart());
        boolean seated =
                course.answer(course.newestStart()).filter(a -> !a.refused()).isPresent();
        if (asked || course.lastStep().isEmpty() || !seated || diverged(left)) {
            return Ruling.NOT_CONCERNED;
        }
        long last = course.lastStep().getAsLong();
        return left.isEmpty()
                ? unfinished(course, last)
                : Ruling.of(
                        left.get().reason().equals(Left.FINISHED)
                                && left.get()
                                        .result()
                                        .filter(r -> r.stepsTrained() == last)
                                        .isPresent(),
                        words(left.get()),
                        "Left '" + Left.FINISHED + "' with steps_trained " + last);
    }

    /** A live run may not be over yet. */
    private static Ruling unfinished(Course course, long last) {
        return course.runHasEnded()
                ? new Ruling.Broken(
                        "no Left, and the others have left", "Left '" + Left.FINISHED + "' after step " + last)
                : Ruling.NOT_CONCERNED;
    }

    private static boolean diverged(Optional<Left> left) {
        return left.flatMap(Left::divergence).isPresent();
    }

    private static Ruling drains(Course course) {
        long start = course.newestStart();
        if (course.drain().isEmpty() || course.abort().isPresent() || start == 0) {
            return Ruling.NOT_CONCERNED;
        }
        Optional<Left> left = course.left(start);
        if (left.filter(l -> l.reason().equals(Left.FINISHED)).isPresent()) {
            // The command came too late.
            return Ruling.NOT_CONCERNED;
        }
        String found = left.map(LeavingRules::words).orElse("no Left")
                + course.draining(start).map(d -> "").orElse(", no Draining");
        return Ruling.of(
                left.filter(l -> l.reason().startsWith("drained")).isPresent()
                        && course.draining(start).isPresent(),
                found,
                "Draining, then Left 'drained: ...'");
    }

    private static Ruling inOrder(Prediction p, RecordedLog.Said record, Course course) {
        Optional<Draining> draining = course.draining(p.incarnation());
        return !course.isSelf(p.peer()) || draining.isEmpty()
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        p.step() <= draining.get().lastStep(),
                        "step " + p.step(),
                        "at most " + draining.get().lastStep() + ", as announced");
    }

    private static Ruling aborts(Course course) {
        Optional<Left> left = course.left(course.newestStart());
        boolean before = left.filter(l -> !l.reason().startsWith("aborted")).isPresent();
        if (course.abort().isEmpty() || course.newestStart() == 0 || before) {
            return Ruling.NOT_CONCERNED;
        }
        return Ruling.of(left.isPresent(), "no Left", "Left 'aborted: ...'");
    }

    private static Ruling refused(Course course) {
        Optional<Admitted> answer = course.answer(course.newestStart()).filter(Admitted::refused);
        if (answer.isEmpty()) {
            return Ruling.NOT_CONCERNED;
        }
        Optional<Left> left = course.left(course.newestStart());
        return Ruling.of(
                left.filter(l -> l.reason().startsWith("refused")).isPresent(),
                left.map(LeavingRules::words).orElse("no Left"),
                "Left 'refused: ...'");
    }

    private static Ruling result(Left left, RecordedLog.Said record, Course course) {
        boolean refused = left.reason().startsWith("refused");
        return !course.isSelf(left.peer()) || refused
                ? Ruling.NOT_CONCERNED
                : Ruling.of(left.result().isPresent(), words(left), "with a result");
    }

    private static String words(Left left) {
        return "Left '" + left.reason() + "'"
                + left.result()
                        .map(r -> " with steps_trained " + r.stepsTrained())
                        .orElse(" without a result");
    }
}
