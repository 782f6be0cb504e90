package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Recipe;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TwoProcessesTest {
    @Test
    void twoProcessesRenderTheSameBits() throws Exception {
        // The other process interprets its byte code: compiler optimisations must not change pixels.
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process other = new ProcessBuilder(java, "-Xint", "-Xmx256m", "-cp", classPath, Printer.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> there;
        try (InputStream out = other.getInputStream()) {
            there = new String(out.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } finally {
            other.destroyForcibly();
        }

        List<String> here = Printer.digests();

        assertThat(here).hasSizeGreaterThan(20);
        assertThat(there).isEqualTo(here);
    }

    /** Main class of the other process. */
    static final class Printer {
        private Printer() {}

        public static void main(String[] args) {
            digests().forEach(System.out::println);
        }

        /** Digests of the data, and of batches of every mixing with general and uniform Beta draws. */
        static List<String> digests() {
            List<String> digests = new ArrayList<>();
            ImageData data = Fixtures.data(300);
            digests.add("data " + data.digest().hex());
            BatchRenderer renderer = new BatchRenderer(data);
            for (Mixing kind : Mixing.values()) {
                for (double alpha : new double[] {1, 0.4, 3}) {
                    BatchPlan plan = BatchPlan.of(Fixtures.experiment(kind, alpha, 1, 2), data);
                    for (long step : new long[] {1, 39}) {
                        BatchPlan.Planned planned = plan.batch(step);
                        Recipe recipe = planned.recipe();
                        for (int slot = 0; slot < recipe.views().size(); slot++) {
                            digests.add(kind + " " + alpha + " " + step + " " + slot + " "
                                    + planned.labels().weights() + " "
                                    + renderer.render(recipe, slot).digest().hex());
                        }
                    }
                }
            }
            return digests;
        }
    }
}
