package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Training needs as much memory after many steps as after few, whatever kinds of step a peer makes. */
class LearnerMemoryTest {
    private static final ImageShape SHAPE = new ImageShape(28, 28, 1);
    private static final int ROWS = 8;
    private static final LearnerSetting SETTING = Samples.setting("resnet8", SHAPE, 10, DType.FLOAT32);
    private static final Path STATM = Path.of("/proc/self/statm");
    private static final long PAGE_BYTES = 4096;

    /**
     * Allows for code that Java compiles meanwhile and for the allocator's slack. One kept graph is about 6 MB, so a leak of
     * one in twenty steps shows in a thousand.
     */
    private static final long GROWTH_BYTES_MAX = 40L << 20;

    /**
     * The Java heap has a fixed size and all its pages from the start, so any growth of such a process is native memory. In the
     * JVM of the tests the heap would grow most.
     */
    private static final List<String> FIXED_HEAP = List.of(
            "-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1");

    @BeforeAll
    static void needsProc() {
        assumeTrue(Files.exists(STATM), "resident memory is read from /proc, which is not here");
    }

    @Test
    void aHundredStepsNeedNoMoreMemoryThanTwenty() throws Exception {
        trainAndCompare(Train.class, 20, 100);
    }

    @Test
    void stepsOnFeatureMapsNeedNoMoreMemoryEither() throws Exception {
        trainAndCompare(TrainOnMaps.class, 20, 100);
    }

    @Tag("slow")
    @Test
    void aThousandStepsNeedNoMoreMemoryThanAHundred() throws Exception {
        trainAndCompare(Train.class, 100, 1000);
    }

    @Test
    void aGraphKeptEachStepIsDetected() throws Exception {
        DenseLayer growth = growth(TrainAndKeepGraphs.class, 10, 60);

        assertThat(growth.residentBytes).isGreaterThan(GROWTH_BYTES_MAX);
    }

    private static void trainAndCompare(Class<?> main, int warmUp, int steps) throws Exception {
        DenseLayer growth = growth(main, warmUp, steps);

        assertThat(growth.arraysHeld).as("different numbers of arrays held").isEqualTo(1);
        assertThat(growth.residentBytes)
                .as("bytes more after step %d than after step %d", steps, warmUp)
                .isLessThan(GROWTH_BYTES_MAX);
    }

    private static DenseLayer growth(Class<?> main, int warmUp, int steps) throws Exception {
        List<String> lines = ChildJvm.run(
                main,
                System.getProperty("java.class.path"),
                FIXED_HEAP,
                Integer.toString(warmUp),
                Integer.toString(steps));
        String[] numbers = lines.get(lines.size() - 1).split(" ", -1);
        return new DenseLayer(Integer.parseInt(numbers[0]), Long.parseLong(numbers[1]));
    }

    /**
     * @param arraysHeld how many different counts of arrays were seen between steps
     * @param residentBytes resident memory after the last step, less that after the warm-up
     */
    private record DenseLayer(int arraysHeld, long residentBytes) {
        void print() {
            System.out.println(arraysHeld + " " + residentBytes);
        }
    }

    /** Steps of every kind that a peer makes: trained, dropped, inferred, saved. */
    static final class Train {
        private Train() {}

        public static void main(String[] args) throws IOException {
            steps(SETTING, Integer.parseInt(args[0]), Integer.parseInt(args[1]), (learner, step) -> {
                Samples.train(learner, step, ROWS, SHAPE, 0.01);
                if (step % 10 == 0) {
                    learner.forward(Samples.images(step, ROWS, SHAPE)).close();
                    learner.infer(Samples.images(step, 20, SHAPE));
                    learner.restore(learner.snapshot());
                    learner.gradients();
                }
            });
        }
    }

    /** Steps of a student that outputs feature maps and is taught by one. */
    static final class TrainOnMaps {
        private TrainOnMaps() {}

        public static void main(String[] args) throws IOException {
            LearnerSetting setting = SETTING.withMaps(List.of("map/stage1", "map/last"));
            steps(setting, Integer.parseInt(args[0]), Integer.parseInt(args[1]), (learner, step) -> {
                ForwardPass pass = learner.forward(Samples.images(step, ROWS, SHAPE));
                learner.backward(pass, NamedTensors.of("map/stage1", Samples.numbers(step, 0.01, ROWS, 16, 28, 28)));
                learner.update(0.01);
                if (step % 10 == 0) {
                    learner.forward(Samples.images(step, ROWS, SHAPE)).close();
                    learner.infer(Samples.images(step, 20, SHAPE));
                }
            });
        }
    }

    /** The fault that the test must detect. */
    static final class TrainAndKeepGraphs {
        private TrainAndKeepGraphs() {}

        public static void main(String[] args) throws IOException {
            steps(SETTING, Integer.parseInt(args[0]), Integer.parseInt(args[1]), (learner, step) -> {
                Samples.train(learner, step, ROWS, SHAPE, 0.01);
                learner.forward(Samples.images(step, ROWS, SHAPE));
            });
        }
    }

    private interface Step {
        void make(DjlLearner learner, int step);
    }

    private static void steps(LearnerSetting setting, int warmUp, int steps, Step step) throws IOException {
        try (DjlLearner learner = ModelCatalog.create(setting)) {
            SortedSet<Integer> held = new TreeSet<>();
            long residentWarm = 0;
            for (int i = 1; i <= steps; i++) {
                step.make(learner, i);
                held.add(learner.arraysHeld());
                if (i == warmUp) {
                    residentWarm = residentBytes();
                }
            }
            new DenseLayer(held.size(), residentBytes() - residentWarm).print();
        }
    }

    private static long residentBytes() throws IOException {
        System.gc();
        return Long.parseLong(Files.readString(STATM).split(" ", -1)[1]) * PAGE_BYTES;
    }
}
