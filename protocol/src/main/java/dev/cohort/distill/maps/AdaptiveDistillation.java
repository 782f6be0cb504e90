package dev.cohort.distill.maps;

import dev.cohort.distill.LogitLoss;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The loss of a student that learns from one teacher along several paths whose weights are trained:
 *
 * <pre>
 * L = CE(z, y) + alpha sum_k (exp(-a_k) l_k + a_k)
 * </pre>
 *
 * The cross-entropy has weight 1 and is no path. Every path on features but attention transfer sees the student's maps behind
 * their adapters. Source: Chennupati, Kamani, Cheng, Chen, "Adaptive Distillation", BMVC 2021 (arXiv 2110.09674), official code.
 *
 * @param alpha factor of the paths and of the a_k
 * @param temperature T of the soft targets, above 0
 * @param paths at least one
 */
public record AdaptiveDistillation(double alpha, double temperature, List<AdaptivePath> paths) {
    public AdaptiveDistillation {
        paths = List.copyOf(paths);
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("adaptive distillation along no path: must have at least one");
        }
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature " + temperature + ": must be above 0");
        }
    }

    /**
     * Outputs of a student, and its adapters.
     *
     * @param logits z [B, C]
     * @param maps per stage, the last one nearest to the logits; a pooled feature is a map [B, D, 1, 1]
     * @param adapters per stage
     */
    public record Student(Tensor logits, List<FeatureMap> maps, List<Adapter> adapters) {
        public Student {
            maps = List.copyOf(maps);
            adapters = List.copyOf(adapters);
            if (maps.size() != adapters.size()) {
                throw new IllegalArgumentException("student with " + maps.size() + " maps and " + adapters.size()
                        + " adapters: must be equal; Adapter.None where the widths are");
            }
        }
    }

    /**
     * Outputs of a teacher.
     *
     * @param logits [B, C]
     * @param maps per stage of the student
     * @param head for softmax regression
     */
    public record Teacher(Tensor logits, List<FeatureMap> maps, Optional<TeacherHead> head) {
        public Teacher {
            maps = List.copyOf(maps);
        }
    }

    /**
     * Loss and gradients.
     *
     * @param loss L
     * @param crossEntropy CE
     * @param pathLosses l_k per path
     * @param logits dL/dz [B, C]
     * @param maps dL/dF per stage
     * @param adapters gradients of the parameters of each adapter, by name
     * @param weights dL/da_k per path
     */
    public record Result(
            double loss,
            double crossEntropy,
            List<Double> pathLosses,
            Tensor logits,
            List<FeatureMap> maps,
            List<NamedTensors> adapters,
            List<Double> weights) {
        public Result {
            pathLosses = List.copyOf(pathLosses);
            maps = List.copyOf(maps);
            adapters = List.copyOf(adapters);
            weights = List.copyOf(weights);
        }
    }

    /**
     * The loss of one batch.
     *
     * @param weights of the paths
     * @throws IllegalArgumentException when shapes do not fit, or a path needs a stage or a head that is not there
     */
    public Result of(SoftLabels labels, Student student, Teacher teacher, AdaptiveWeights weights) {
        if (weights.a().size() != paths.size()) {
            throw new IllegalArgumentException(
                    weights.a().size() + " adaptive weights: must be " + paths.size() + ", one for each path");
        }
        if (student.maps().size() != teacher.maps().size()) {
            throw new IllegalArgumentException("teacher with " + teacher.maps().size() + " maps: must have "
                    + student.maps().size() + ", one for each map of the student");
        }
        return new Lesson(student, teacher).result(labels, weights);
    }

    private final class Lesson {
        private final Student student;
        private final Teacher teacher;
        private final List<Adapter.Pass> passes = new ArrayList<>();
        private final List<FeatureMap> beforeAdapters = new ArrayList<>();
        private final List<FeatureMap> behindAdapters = new ArrayList<>();

        Lesson(Student student, Teacher teacher) {
            this.student = student;
            this.teacher = teacher;
            for (int i = 0; i < student.maps().size(); i++) {
                Adapter.Pass pass =
                        student.adapters().get(i).forward(student.maps().get(i));
                passes.add(pass);
                beforeAdapters.add(student.maps().get(i).zeros());
                behindAdapters.add(pass.output().zeros());
            }
        }

        Result result(SoftLabels labels, AdaptiveWeights weights) {
            LogitLoss crossEntropy = LogitLoss.crossEntropy(labels, student.logits());
            LogitLoss onLogits = crossEntropy;
            List<Double> losses = new ArrayList<>();
            for (int k = 0; k < paths.size(); k++) {
                double factor = alpha * weights.weights().get(k);
                AdaptivePath path = paths.get(k);
                if (path.kind() == AdaptivePath.Kind.LOGITS || path.kind() == AdaptivePath.Kind.SOFT_TARGET) {
                    LogitLoss loss = logitLoss(path.kind());
                    onLogits = onLogits.plus(loss, factor);
                    losses.add(loss.loss());
                } else {
                    losses.add(addMapLosses(path, factor));
                }
            }
            List<FeatureMap> maps = new ArrayList<>();
            List<NamedTensors> parameters = new ArrayList<>();
            for (int i = 0; i < passes.size(); i++) {
                Adapter.Gradients gradients = passes.get(i).backward(behindAdapters.get(i));
                maps.add(beforeAdapters.get(i).plus(gradients.input()));
                parameters.add(gradients.parameters());
            }
            return new Result(
                    crossEntropy.loss() + weights.loss(losses, alpha),
                    crossEntropy.loss(),
                    losses,
                    onLogits.gradient(),
                    maps,
                    parameters,
                    weights.gradient(losses, alpha));
        }

        private LogitLoss logitLoss(AdaptivePath.Kind kind) {
            return kind == AdaptivePath.Kind.LOGITS
                    ? LogitLoss.squares(teacher.logits(), student.logits())
                    : LogitLoss.divergenceFromLogits(teacher.logits(), student.logits(), temperature);
        }

        /** The sum over the stages of a path; its gradients are kept until all paths have added theirs. */
        private double addMapLosses(AdaptivePath path, double factor) {
            double sum = 0;
            int last = passes.size() - 1;
            int used = 0;
            for (int i = 0; i <= last; i++) {
                if (path.kind().hasStages() ? path.includes(i) : i == last) {
                    sum += addMapLoss(path.kind(), i, factor);
                    used++;
                }
            }
            if (used == 0) {
                throw new IllegalArgumentException(
                        "path " + path.word() + ": must be of a stage below " + passes.size() + ", the number of maps");
            }
            return sum;
        }

        private double addMapLoss(AdaptivePath.Kind kind, int stage, double factor) {
            FeatureMap taught = teacher.maps().get(stage);
            if (kind == AdaptivePath.Kind.ATTENTION_TRANSFER) {
                MapLoss loss = AttentionTransfer.loss(student.maps().get(stage), taught);
                beforeAdapters.set(stage, beforeAdapters.get(stage).plus(loss.gradient(), factor));
                return loss.loss();
            }
            FeatureMap adapted = passes.get(stage).output();
            MapLoss loss = switch (kind) {
                case NST -> NeuronSelectivity.gramLoss(adapted, taught);
                case FEATURE_MAP -> SquaredError.ofPooled(adapted, taught);
                default -> head().loss(adapted, teacher.logits());
            };
            behindAdapters.set(stage, behindAdapters.get(stage).plus(loss.gradient(), factor));
            return loss.loss();
        }

        private TeacherHead head() {
            return teacher.head()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "path softmax_regression without the teacher's head: must have one"));
        }
    }
}
