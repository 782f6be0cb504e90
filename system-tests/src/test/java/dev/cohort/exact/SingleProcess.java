package dev.cohort.exact;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.peer.djl.Student;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * One process without messages: all students and what the teacher trains in one autograd graph, one backward pass, plain DJL. It
 * shares the networks' definition with the product and nothing else: not the objective, the teachers, the learner or
 * the optimizer.
 */
final class SingleProcess implements AutoCloseable {
    private final Method method;
    private final List<LearnerSetting> settings;
    private final DType dtype;
    private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
    private final List<Student> students = new ArrayList<>();
    private final SortedMap<String, NDArray> velocities = new TreeMap<>();
    private Optional<TeacherTensors> teacher = Optional.empty();
    private boolean hasGradients;

    /**
     * What the students compute from a batch, differentiable.
     *
     * @param logits z_i [B, C]
     * @param features f_i [B, D_i]
     * @param maps F_i [B, C_i, H, W] by name
     */
    record Outputs(List<NDArray> logits, List<NDArray> features, List<SortedMap<String, NDArray>> maps) {
        int students() {
            return logits.size();
        }

        List<Integer> others(int student) {
            return IntStream.range(0, students())
                    .filter(i -> i != student)
                    .boxed()
                    .toList();
        }

        /** The map of one student. */
        NDArray map(int student, String name) {
            return Optional.ofNullable(maps.get(student).get(name)).orElseThrow();
        }

        /** The map of this name of every student. */
        List<NDArray> map(String name) {
            return IntStream.range(0, students()).mapToObj(i -> map(i, name)).toList();
        }
    }

    /** One batch: what each student sees, and y. */
    record Batch(int epoch, List<Images> images, SoftLabels labels) {
        Batch {
            images = List.copyOf(images);
        }
    }

    /**
     * Tensors by name, of every student and of the teacher.
     *
     * @param teacher empty when it trains nothing
     */
    record Parts(List<NamedTensors> students, NamedTensors teacher) {
        Parts {
            students = List.copyOf(students);
        }
    }

    SingleProcess(Method method, List<LearnerSetting> settings) {
        this.method = method;
        this.settings = List.copyOf(settings);
        this.dtype = settings.get(0).dtype();
        JniUtils.setGradMode(false);
        settings.forEach(setting -> students.add(Student.of(setting, manager)));
    }

    /** Loads weights and batch-norm statistics; velocities are kept. Other tensors than those are ignored. */
    void takeUp(Parts weights) {
        JniUtils.setGradMode(false);
        for (int i = 0; i < students.size(); i++) {
            NamedTensors given = weights.students().get(i);
            students.get(i).namedParameters().forEach((name, parameter) -> {
                try (NDArray value = Arrays.write(manager, given.get(name), dtype)) {
                    value.copyTo(parameter.getArray());
                }
            });
        }
        if (teacher.isPresent()) {
            teacher.get().takeUp(manager, weights.teacher(), dtype);
        } else {
            teacher = Optional.of(new TeacherTensors(manager, weights.teacher(), dtype));
        }
    }

    /** Gradients of the whole loss in every parameter; batch-norm statistics move on. */
    Parts gradients(Batch batch) {
        zeroGradients();
        try (NDManager step = manager.newSubManager()) {
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                collector.backward(loss(batch, step));
            }
        }
        hasGradients = true;
        List<NamedTensors> gradients = new ArrayList<>();
        students.forEach(student -> gradients.add(readGradients(trained(student))));
        return new Parts(gradients, readGradients(trained()));
    }

    private void zeroGradients() {
        if (hasGradients) {
            students.forEach(s -> trained(s).values().forEach(w -> JniUtils.zeroGrad((PtNDArray) w)));
            trained().values().forEach(w -> JniUtils.zeroGrad((PtNDArray) w));
        }
    }

    private NDArray loss(Batch batch, NDManager step) {
        List<NDArray> logits = new ArrayList<>();
        List<NDArray> features = new ArrayList<>();
        List<SortedMap<String, NDArray>> maps = new ArrayList<>();
        for (int i = 0; i < students.size(); i++) {
            NDArray input =
                    Arrays.input(step, batch.images().get(i), settings.get(i).normalisation(), dtype);
            NDList outputs = students.get(i).forward(new ParameterStore(step, false), new NDList(input), true);
            logits.add(outputs.get(0));
            features.add(outputs.get(1));
            SortedMap<String, NDArray> own = new TreeMap<>();
            for (String name : settings.get(i).maps()) {
                own.put(name, outputs.get(2 + own.size()));
            }
            maps.add(own);
        }
        SoftLabels y = batch.labels();
        NDArray labels = Arrays.write(step, y.dense(), dtype, y.rows(), y.classes());
        return method.loss(new Outputs(logits, features, maps), labels, batch.epoch(), teacher.orElseThrow());
    }

    /** One update by SGD with momentum, the gradients being those of the last {@link #gradients}. */
    void update(double learningRate, int epoch) {
        JniUtils.setGradMode(false);
        for (int i = 0; i < students.size(); i++) {
            update(i + "/", trained(students.get(i)), settings.get(i), learningRate);
        }
        double ofTeacher = method.teacherRateAt(epoch);
        if (ofTeacher > 0) {
            update("teacher/", trained(), settings.get(0), ofTeacher * learningRate);
        }
    }

    private void update(
            String prefix, SortedMap<String, NDArray> weights, LearnerSetting optimizer, double learningRate) {
        weights.forEach((name, weight) -> {
            NDArray velocity = velocities.computeIfAbsent(
                    prefix + name, key -> manager.zeros(weight.getShape(), weight.getDataType()));
            try (NDArray gradient = weight.getGradient();
                    NDArray decay = weight.mul(optimizer.update().weightDecay())) {
                velocity.muli(((UpdateRule.Sgd) optimizer.update().rule()).momentum())
                        .addi(gradient)
                        .addi(decay);
                try (NDArray change = velocity.mul(learningRate)) {
                    weight.subi(change);
                }
            }
        });
    }

    /** Weights and statistics as they are now. */
    Parts weights() {
        List<NamedTensors> weights = new ArrayList<>();
        for (Student student : students) {
            SortedMap<String, Tensor> tensors = new TreeMap<>();
            student.namedParameters()
                    .forEach((name, parameter) -> tensors.put(name, Arrays.read(parameter.getArray())));
            weights.add(NamedTensors.of(tensors));
        }
        return new Parts(weights, teacher.map(TeacherTensors::tensors).orElse(NamedTensors.none()));
    }

    /** What the teacher trains. */
    private SortedMap<String, NDArray> trained() {
        return teacher.map(TeacherTensors::parameters).orElseGet(TreeMap::new);
    }

    private static SortedMap<String, NDArray> trained(Student student) {
        SortedMap<String, NDArray> trained = new TreeMap<>();
        student.namedParameters().forEach((name, parameter) -> {
            if (parameter.requiresGradient()) {
                trained.put(name, parameter.getArray());
            }
        });
        return trained;
    }

    private static NamedTensors readGradients(SortedMap<String, NDArray> weights) {
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        weights.forEach((name, weight) -> {
            try (NDArray gradient = weight.getGradient()) {
                gradients.put(name, Arrays.read(gradient));
            }
        });
        return NamedTensors.of(gradients);
    }

    @Override
    public void close() {
        manager.close();
    }
}
