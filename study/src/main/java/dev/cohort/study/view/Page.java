package dev.cohort.study.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Makes self-contained HTML pages: they include data, styles and the charting library. */
public final class Page {
    /** From the webjar of Chart.js; its version is in the parent POM. */
    private static final String CHART_LIBRARY = "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

    private Page() {}

    /**
     * The page.
     *
     * @param template name of a resource of this package that contains {@code @STYLE@}, {@code @CHART_LIBRARY@}, {@code @DATA@} and,
     *     after these two, {@code @SCRIPT@}
     */
    public static String html(String template, ObjectNode data) {
        String json;
        try {
            // "</script>" in a value would end the script element.
            json = new ObjectMapper().writeValueAsString(data).replace("<", "\\u003c");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        // A self-contained page must not request the source map.
        String library = resource(CHART_LIBRARY).replaceAll("(?m)^//# sourceMappingURL=.*$", "");
        return resource(template)
                .replace("@STYLE@", resource("page.css"))
                .replace("@SCRIPT@", resource("page.js"))
                .replace("@CHART_LIBRARY@", library)
                .replace("@DATA@", json);
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
