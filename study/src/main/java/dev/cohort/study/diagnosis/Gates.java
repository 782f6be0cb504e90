package dev.cohort.study.diagnosis;

import dev.cohort.study.Lessons;
import dev.cohort.study.Stretch;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Checks whether a method that weighs its teachers gives one of them almost no weight. */
final class Gates {
    static final long STEPS_MIN = 100;
    /** Of an equal share. */
    static final double SHARE_MIN = 0.1;

    private static final String SUBJECT = "weights of the teachers";

    private Gates() {}

    static Opinion opinion(Lessons.Account lessons) {
        if (!lessons.weighed()) {
            return Opinion.of(SUBJECT, List.of());
        }
        if (lessons.whole().taught() < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, lessons.whole().taught(), STEPS_MIN);
        }
        List<Stretch> late = lessons.stretches()
                .subList(lessons.stretches().size() * 3 / 4, lessons.stretches().size());
        SortedMap<String, Double> sums = new TreeMap<>();
        SortedMap<String, Integer> students = new TreeMap<>();
        for (Stretch stretch : late) {
            stretch.shares()
                    .forEach((student, row) -> row.forEach((teacher, share) -> {
                        sums.merge(teacher, share, Double::sum);
                        students.merge(teacher, 1, Integer::sum);
                    }));
        }
        List<Diagnosis> found = new ArrayList<>();
        double least = SHARE_MIN / Math.max(1, sums.size());
        sums.forEach((teacher, sum) -> {
            double share = sum / students.getOrDefault(teacher, 1);
            if (share < least) {
                found.add(
                        new Diagnosis(
                                "peer " + teacher + " is ignored",
                                Severity.WARNING,
                                "in the last quarter of " + lessons.whole().taught()
                                        + " steps its weight in the targets is " + Words.percent(share)
                                        + ", an equal share would be " + Words.percent(1.0 / sums.size()),
                                "method.name, peers[].model",
                                "see 'cohort replay --dynamics' for its worth to the ensemble, and consider running without it"));
            }
        });
        return Opinion.of(SUBJECT, found);
    }
}
