package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class LearnerMemoryTest {
    private static final ImageShape SHAPE = new ImageShape(28, 28, 1);
    private static final Path STATM = Path.of("/proc/self/statm");
    /** Far above the noise of the heap and far below what one kept graph a step would take. */
    private static final long GROWTH_BYTES_MAX = 40L << 20;

    @Test
    void aHundredStepsNeedNoMoreMemoryThanTwenty() throws IOException {
        trainAndCompare(20, 100);
    }

    @Tag("slow")
    @Test
    void aThousandStepsNeedNoMoreMemoryThanAHundred() throws IOException {
        trainAndCompare(100, 1000);
    }

    /** Steps of every kind that a peer makes: trained, given up, inferred, saved. */
    private static void trainAndCompare(int warmUp, int steps) throws IOException {
        try (DjlLearner learner = ModelCatalog.create(Samples.setting("resnet8", SHAPE, 10, DType.FLOAT32))) {
            List<Integer> held = new ArrayList<>();
            long residentWarm = 0;
            for (int step = 0; step < steps; step++) {
                Samples.train(learner, step, 8, SHAPE, 0.01);
                if (step % 10 == 0) {
                    learner.forward(Samples.images(step, 8, SHAPE)).close();
                    learner.infer(Samples.images(step, 20, SHAPE));
                    learner.restore(learner.snapshot());
                    learner.gradients();
                }
                held.add(learner.arraysHeld());
                if (step == warmUp) {
                    residentWarm = residentBytes();
                }
            }
            assertThat(held).containsOnly(held.get(0));
            assumeTrue(Files.exists(STATM), "resident memory is read from /proc");
            assertThat(residentBytes() - residentWarm).isLessThan(GROWTH_BYTES_MAX);
        }
    }

    private static long residentBytes() throws IOException {
        System.gc();
        return Files.exists(STATM) ? Long.parseLong(Files.readString(STATM).split(" ", -1)[1]) * 4096 : 0;
    }
}
