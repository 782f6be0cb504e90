package dev.cohort.coordinator.teacher;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who teaches whom in a step: what share each contributor has in what each student imitates, as the mean over the rows of the batch.
 *
 * @param weighed whether the method weighs the contributors; otherwise all that are in a target count alike
 * @param byStudent by the slot of the student, then of the teacher. A student's shares sum to 1; one that imitates no
 *     contributor's prediction is not there
 */
public record Shares(boolean weighed, SortedMap<Integer, SortedMap<Integer, Double>> byStudent) {
    public Shares {
        TreeMap<Integer, SortedMap<Integer, Double>> rows = new TreeMap<>();
        byStudent.forEach((student, row) -> rows.put(student, Collections.unmodifiableSortedMap(new TreeMap<>(row))));
        byStudent = Collections.unmodifiableSortedMap(rows);
    }

    /**
     * What the terms say by themselves: the gates, where one target serves all; otherwise all contributors alike that are in the
     * targets, less the student where its own prediction is left out, targets by their weights.
     */
    static Shares ofTerms(Teacher.StepInput input, Teacher.TeacherStep teacherStep, OwnTeacher ownTeacher) {
        List<Integer> slots = slots(input);
        Optional<Term.GatedCrossEntropy> gated = teacherStep.terms().stream()
                .filter(Term.GatedCrossEntropy.class::isInstance)
                .map(Term.GatedCrossEntropy.class::cast)
                .filter(term -> term.gates().dimension(1) == slots.size())
                .findFirst();
        if (gated.isPresent()) {
            return alike(input, columnMeans(gated.get().gates()));
        }
        TreeMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (int student : slots) {
            SortedMap<Integer, Double> row = new TreeMap<>();
            for (Term term : termsOf(teacherStep, student)) {
                if (term instanceof Term.SoftTarget soft && term.audience().includes(true)) {
                    boolean others = soft.vote() != Term.Vote.INCLUDED;
                    add(row, others ? without(slots, student) : slots, soft.weight());
                } else if (term instanceof Term.OwnTarget own && ownTeacher instanceof OwnTeacher.Others) {
                    add(row, without(slots, student), own.weight());
                }
            }
            normalised(row).ifPresent(shares -> byStudent.put(student, shares));
        }
        return new Shares(false, byStudent);
    }

    /** The same shares for every student; negative ones too. */
    public static Shares alike(Teacher.StepInput input, double[] shares) {
        List<Integer> slots = slots(input);
        SortedMap<Integer, Double> row = new TreeMap<>();
        for (int i = 0; i < shares.length; i++) {
            row.put(slots.get(i), shares[i]);
        }
        TreeMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        slots.forEach(student -> byStudent.put(student, row));
        return new Shares(true, byStudent);
    }

    /** Weights of teachers divided by their sum; empty when that is 0: then nobody is imitated. */
    public static Optional<SortedMap<Integer, Double>> normalised(SortedMap<Integer, Double> weights) {
        double sum = weights.values().stream().mapToDouble(Double::doubleValue).sum();
        if (sum == 0) {
            return Optional.empty();
        }
        SortedMap<Integer, Double> shares = new TreeMap<>();
        weights.forEach((slot, weight) -> shares.put(slot, weight / sum));
        return Optional.of(shares);
    }

    /** Adds {@code weight}, shared out alike, to {@code teachers}. */
    public static void add(SortedMap<Integer, Double> weights, List<Integer> teachers, double weight) {
        teachers.forEach(slot -> weights.merge(slot, weight / teachers.size(), Double::sum));
    }

    /** All slots but one. */
    public static List<Integer> without(List<Integer> slots, int slot) {
        return slots.stream().filter(other -> other != slot).toList();
    }

    /** Of the contributors. */
    public static List<Integer> slots(Teacher.StepInput input) {
        return input.predictions().stream().map(Teacher.PeerPrediction::slot).toList();
    }

    private static List<Term> termsOf(Teacher.TeacherStep teacherStep, int student) {
        List<Term> terms = new ArrayList<>(teacherStep.terms());
        terms.addAll(teacherStep.addressed().getOrDefault(student, List.of()));
        return terms;
    }

    private static double[] columnMeans(Tensor gates) {
        int columns = gates.dimension(1);
        double[] means = new double[columns];
        double[] values = gates.toDoubles();
        for (int i = 0; i < values.length; i++) {
            means[i % columns] += values[i] / gates.dimension(0);
        }
        return means;
    }
}
