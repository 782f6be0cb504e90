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
 * The share of each contributor in the targets of each student, as the mean over the rows of the batch.
 *
 * @param weighed whether the method weighs the contributors; otherwise all contributors to a target count alike
 * @param byStudent by the slot of the student, then of the teacher. A student's shares sum to 1; a student whose targets
 *     depend on no contributor is absent
 */
public record Shares(boolean weighed, SortedMap<Integer, SortedMap<Integer, Double>> byStudent) {
    public Shares {
        TreeMap<Integer, SortedMap<Integer, Double>> rows = new TreeMap<>();
        byStudent.forEach((student, row) -> rows.put(student, Collections.unmodifiableSortedMap(new TreeMap<>(row))));
        byStudent = Collections.unmodifiableSortedMap(rows);
    }

    /**
     * The shares that follow from the terms: the gates, where a term has them (of any weight, as a method may publish them for
     * analysis alone); otherwise equal shares of the contributors to a target, without the student where its own part is left
     * out, and targets by their weights.
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

    /** The same shares for every student; they may be negative. */
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

    /** Weights of teachers divided by their sum; empty if the sum is 0. */
    public static Optional<SortedMap<Integer, Double>> normalised(SortedMap<Integer, Double> weights) {
        double sum = weights.values().stream().mapToDouble(Double::doubleValue).sum();
        if (sum == 0) {
            return Optional.empty();
        }
        SortedMap<Integer, Double> shares = new TreeMap<>();
        weights.forEach((slot, weight) -> shares.put(slot, weight / sum));
        return Optional.of(shares);
    }

    /** Adds {@code weight}, divided equally, to {@code teachers}. */
    public static void add(SortedMap<Integer, Double> weights, List<Integer> teachers, double weight) {
        teachers.forEach(slot -> weights.merge(slot, weight / teachers.size(), Double::sum));
    }

    /** All slots but one. */
    public static List<Integer> without(List<Integer> slots, int slot) {
        return slots.stream().filter(other -> other != slot).toList();
    }

    /** Slots of the contributors. */
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
