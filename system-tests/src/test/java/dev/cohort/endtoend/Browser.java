package dev.cohort.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A headless Chromium that opens a page and reports how it was drawn. */
record Browser(Path program) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
    private static final long LIMIT_S = 60;
    private static final Pattern SEEN = Pattern.compile("<pre id=\"seen\">(.*?)</pre>", Pattern.DOTALL);

    /** Script before the page: records errors. */
    private static final String LISTENS = """
            <script>
              window.wrong = [];
              addEventListener('error', e => wrong.push(e.message));
              console.error = (...words) => wrong.push(words.join(' '));
            </script>
            """;

    /** Script after the page: counts drawn dots. A canvas with axes only has some thousand. */
    private static final String LOOKS = """
            <script>
              addEventListener('load', () => setTimeout(() => {
                const ink = c => {
                  const dots = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                  let inked = 0;
                  for (let i = 3; i < dots.length; i += 4) inked += dots[i] > 0;
                  return inked;
                };
                const canvases = [...document.querySelectorAll('canvas')];
                const pre = document.createElement('pre');
                pre.id = 'seen';
                pre.textContent = JSON.stringify({
                  wrong,
                  canvases: canvases.map(c => c.id),
                  blank: canvases.filter(c => ink(c) < 500).map(c => c.id),
                  charts: typeof Chart === 'undefined' ? 0 : Object.keys(Chart.instances).length,
                  missing: [...document.querySelectorAll('.missing')].map(m => m.textContent),
                  tooWide: document.documentElement.scrollWidth - innerWidth
                });
                document.body.append(pre);
              }, 200));
            </script>
            """;

    /** The browser of this machine, if it has one. */
    static Optional<Browser> find() {
        for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            for (String name : NAMES) {
                Path program = Path.of(folder, name);
                if (Files.isExecutable(program)) {
                    return Optional.of(new Browser(program));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Opens a page in a window of that width.
     *
     * @param scratch folder for the browser's own files
     * @return errors, numbers of canvases and charts and of blank ones, and by how much the page is wider than the window
     */
    JsonNode open(String html, int width, Path scratch) {
        try {
            Path page = Files.writeString(
                    scratch.resolve("page-" + width + ".html"),
                    html.replace("<head>", "<head>" + LISTENS).replace("</body>", LOOKS + "</body>"));
            Path out = scratch.resolve("dom-" + width + ".html");
            List<String> command = new ArrayList<>(List.of(program.toString(), "--headless"));
            command.addAll(
                    List.of("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"));
            command.addAll(List.of("--user-data-dir=" + scratch.resolve("browser"), "--window-size=" + width + ",900"));
            command.addAll(List.of(
                    "--virtual-time-budget=8000", "--dump-dom", page.toUri().toString()));
            Process browser = new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!browser.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                browser.destroyForcibly();
                throw new IllegalStateException("the browser did not end within " + LIMIT_S + " s");
            }
            Matcher seen = SEEN.matcher(Files.readString(out, StandardCharsets.UTF_8));
            if (!seen.find()) {
                throw new IllegalStateException("the browser saw nothing of " + page);
            }
            return MAPPER.readTree(
                    seen.group(1).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
