package dev.cohort.exact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.endtoend.Python;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.checkpoint.Safetensors;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.peer.external.ExternalLearner;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.peer.external.Interpreter;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * PyTorch students in Python processes of their own that teach each other through messages and Kafka, beside one Python process
 * that builds the whole loss as a single graph.
 */
class PythonStudentsEqualOneProcessTest {
    private static final int STEPS = 5;
    private static final int STUDENTS = 3;
    private static final double RELATIVE_MAX = 1e-9;
    private static final long LIMIT_S = 600;
    private static final Path NETS =
            Path.of("../peer-node/src/test/resources/learners").toAbsolutePath().normalize();
    private static final Path SCRIPT =
            Path.of("src/test/resources/exact/whole_loss.py").toAbsolutePath();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"dml", "one"})
    void gradientsAreThoseOfOneProcess(String method, TestReporter reporter) throws Exception {
        Python.require("torch");
        Setup setup = Setup.of(method, Collections.nCopies(STUDENTS, "resnet8"), DType.FLOAT64, STEPS);
        Recording recording;
        try (Broker broker = Broker.start(folder)) {
            recording = DistributedRun.record(
                    broker.address(),
                    "python-" + method,
                    setup,
                    (i, recorded) -> new RecordingLearner(learner(setup, i), NamedTensors::none, i, recorded),
                    peer -> peer);
        }
        assertThat(recording.steps()).isEqualTo(STEPS);
        List<NamedTensors> expected = ofOneProcess(setup, recording);

        Difference worst = Difference.NONE;
        Comparison comparison = new Comparison(setup, recording);
        for (int step = 1; step <= STEPS; step++) {
            NamedTensors whole = expected.get(step - 1);
            for (int i = 0; i < STUDENTS; i++) {
                NamedTensors ofStudent = part(whole, "student" + i + "/");
                assertThat(ofStudent.asMap()).hasSize(23);
                worst = worst.or(Difference.of("student " + i, gradients(setup, recording.update(i, step)), ofStudent));
            }
            if (method.equals("one")) {
                worst = worst.or(Comparison.ofTeacher(
                        comparison.teacherGradients(recording.lesson(step)), part(whole, "gate/")));
            }
        }
        reporter.publishEntry(method, worst.toString());
        assertThat(worst.relative()).as(worst.tensor()).isLessThanOrEqualTo(RELATIVE_MAX);
    }

    private static ExternalLearner learner(Setup setup, int student) {
        LearnerSetting built = setup.learner(student);
        Interpreter interpreter = Interpreter.of(
                Optional.empty(),
                System.getenv(),
                Optional.of(Path.of("../python").toAbsolutePath().normalize()));
        return ExternalLearner.start(
                new ExternalSetting(
                        NETS + "/nets.py:resnet8",
                        built.image(),
                        built.classes(),
                        built.normalisation(),
                        DType.FLOAT64,
                        student,
                        built.seed(),
                        setup.experiment().run().seed(),
                        STEPS,
                        setup.experiment().run().batchSize(),
                        "cpu",
                        1,
                        setup.learningRate(),
                        built.update(),
                        false,
                        Optional.empty(),
                        1),
                interpreter);
    }

    /** What SGD was given: {@code v' = momentum v + gradient + decay w}. */
    private static NamedTensors gradients(Setup setup, Recording.Update update) {
        WeightUpdate rule = setup.experiment().optimizer().update();
        double momentum = ((UpdateRule.Sgd) rule.rule()).momentum();
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        for (Map.Entry<String, Tensor> entry : update.after().asMap().entrySet()) {
            String name = entry.getKey();
            if (name.startsWith("optimizer/") && name.endsWith("/momentum_buffer")) {
                String weight = name.substring("optimizer/".length(), name.length() - "/momentum_buffer".length());
                double[] weights = update.before().get(weight).toDoubles();
                Optional<Tensor> earlier = update.before().find(name);
                double[] gradient = entry.getValue().toDoubles();
                for (int i = 0; i < gradient.length; i++) {
                    int at = i;
                    gradient[i] -= momentum * earlier.map(v -> v.at(at)).orElse(0.0) + rule.weightDecay() * weights[i];
                }
                gradients.put(
                        weight,
                        Tensor.of(
                                DType.FLOAT64,
                                gradient,
                                entry.getValue().shape().toArray()));
            }
        }
        return NamedTensors.of(gradients);
    }

    private List<NamedTensors> ofOneProcess(Setup setup, Recording recording) throws Exception {
        Method method = setup.method();
        List<String> command = new ArrayList<>(List.of(
                Python.command(),
                SCRIPT.toString(),
                method.name(),
                Double.toString(method.temperature()),
                words(setup.data().normalisation().mean()),
                words(setup.data().normalisation().deviation())));
        for (int step = 1; step <= STEPS; step++) {
            Path file = folder.resolve("step-" + step);
            Safetensors.write(file, new Safetensors.Contents(new TreeMap<>(), input(method, recording, step)));
            command.add(file.toString());
        }
        Path printed = folder.resolve("whole-loss.log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(printed.toFile());
        builder.environment().put("PYTHONPATH", NETS.toString());
        Process process = builder.start();
        assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(printed)).isZero();
        List<NamedTensors> gradients = new ArrayList<>();
        for (int step = 1; step <= STEPS; step++) {
            gradients.add(Safetensors.read(folder.resolve("step-" + step + ".gradients"))
                    .tensors());
        }
        return gradients;
    }

    private static String words(List<Double> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static NamedTensors input(Method method, Recording recording, int step) {
        SingleProcess.Parts before = recording.before(step);
        SingleProcess.Batch batch = recording.batch(step);
        SortedMap<String, Tensor> all = new TreeMap<>();
        for (int i = 0; i < STUDENTS; i++) {
            String prefix = "student" + i + "/";
            before.students().get(i).asMap().forEach((name, tensor) -> {
                if (!name.contains("/") && tensor.dtype() == DType.FLOAT64 && !name.contains(":")) {
                    all.put(prefix + name, tensor);
                }
            });
        }
        Gate.PARAMETERS.forEach(
                name -> before.teacher().find(name).ifPresent(tensor -> all.put("gate/" + name, tensor)));
        Images images = batch.images().get(0);
        ByteBuffer pixels = images.pixels();
        double[] values = new double[pixels.remaining()];
        for (int i = 0; i < values.length; i++) {
            values[i] = pixels.get() & 0xff;
        }
        all.put(
                "images",
                Tensor.of(
                        DType.FLOAT64,
                        values,
                        images.count(),
                        images.shape().height(),
                        images.shape().width(),
                        images.shape().channels()));
        all.put(
                "labels",
                Tensor.of(
                        DType.FLOAT64,
                        batch.labels().dense(),
                        batch.labels().rows(),
                        batch.labels().classes()));
        all.put("weight", Tensor.of(DType.FLOAT64, new double[] {method.weightAt(batch.epoch())}, 1));
        return NamedTensors.of(all);
    }

    private static NamedTensors part(NamedTensors all, String prefix) {
        SortedMap<String, Tensor> part = new TreeMap<>();
        all.asMap().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), tensor);
            }
        });
        return NamedTensors.of(part);
    }
}
