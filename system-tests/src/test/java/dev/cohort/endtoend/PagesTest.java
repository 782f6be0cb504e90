package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The pages of a real run in a real browser, as wide as a laptop and as narrow as a telephone. */
@Tag("slow")
class PagesTest {
    private static final int LAPTOP = 1280;
    /** The narrowest window that headless Chromium makes is wider; a page that fits into this one fits into 390 and more. */
    private static final int TELEPHONE = 390;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private static void assertDrawn(JsonNode seen, int charts) {
        assertThat(seen.path("wrong")).as("errors of the page: %s", seen).isEmpty();
        assertThat(seen.path("canvases")).as("pictures: %s", seen).hasSize(charts);
        assertThat(seen.path("charts").asInt()).isEqualTo(charts);
        assertThat(seen.path("blank")).as("blank pictures").isEmpty();
        assertThat(seen.path("tooWide").asInt()).as("wider than its window").isLessThanOrEqualTo(0);
    }

    @Test
    void areDrawnWholeInABrowser() throws IOException {
        Optional<Browser> found = Browser.find();
        assumeTrue(
                found.isPresent() || "1".equals(System.getenv("COHORT_BROWSER_REQUIRED")),
                "no Chromium or Chrome on the PATH");
        assertThat(found).as("Chromium or Chrome on the PATH").isPresent();
        Browser browser = found.get();
        shell.run(TinyRun.words(shell, TinyImages.IDX, "--set", "method.name=one"))
                .well();
        RunFolder run = RunFolder.await(shell);
        Path dynamics = folder.resolve("dynamics.html");
        Path timeline = folder.resolve("timeline.html");
        shell.run("replay", run.path().toString(), "--report", dynamics.toString(), "--quiet")
                .well();
        shell.run("timeline", run.path().toString(), "--html", timeline.toString())
                .well();

        for (int width : new int[] {LAPTOP, TELEPHONE}) {
            JsonNode seen = browser.open(Files.readString(dynamics), width, folder);
            assertDrawn(seen, 11);
            assertThat(seen.path("missing")).isEmpty();
            assertDrawn(browser.open(Files.readString(timeline), width, folder), 1);
            assertDrawn(browser.open(Files.readString(run.path().resolve("report.html")), width, folder), 4);
        }

        String page = Files.readString(dynamics);
        assertThat(browser.open(page.replace("draw('nll'", "drew('nll'"), LAPTOP, folder)
                        .path("wrong"))
                .as("a page that fails is noticed")
                .isNotEmpty();
        assertThat(browser.open(page.replace("draw('nll'", "void ('nll'"), LAPTOP, folder)
                        .path("blank"))
                .as("a picture that is not drawn is noticed")
                .isNotEmpty();
        assertThat(browser.open(page.replace("<main>", "<main style='width: 2000px; max-width: none'>"), LAPTOP, folder)
                        .path("tooWide")
                        .asInt())
                .as("a page that is too wide is noticed")
                .isPositive();
    }
}
