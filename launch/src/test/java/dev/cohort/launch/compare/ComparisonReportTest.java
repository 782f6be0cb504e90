package dev.cohort.launch.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ComparisonReportTest {
    private static final Pattern DATA =
            Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

    private static ComparisonReport report() {
        return new ComparisonReport(SummaryTest.summary(0.029, 0.030, 0.031), "runs/x", "variants: </script><b>");
    }

    @Test
    void hasMeansIntervalsDifferencesAndRunsInJson() {
        JsonNode json = report().json();
        assertThat(json.path("runs_finished").asInt()).isEqualTo(6);
        JsonNode dml = json.path("variants").path(1);
        assertThat(dml.path("name").asText()).isEqualTo("dml");
        assertThat(dml.path("peers").path("mean").asDouble()).isEqualTo(0.74);
        assertThat(dml.path("peers").path("runs").asInt()).isEqualTo(3);
        assertThat(dml.path("teacher").isNull()).isTrue();
        assertThat(dml.path("against_first").path("peers").path("mean").asDouble())
                .isEqualTo(0.03);
        assertThat(dml.path("against_first").path("peers").path("half_95").asDouble())
                .isEqualTo(0.002483);
        assertThat(json.path("variants")
                        .path(0)
                        .path("against_first")
                        .path("peers")
                        .isNull())
                .isTrue();
        assertThat(json.path("equal_terms").toString()).isEqualTo("{\"kept\":true,\"differences\":[]}");
        JsonNode run = json.path("runs").path(1);
        assertThat(run.path("variant").asText()).isEqualTo("dml");
        assertThat(run.path("seed").asLong()).isEqualTo(1);
        assertThat(run.path("each_peer").path("p1").asDouble()).isEqualTo(0.629);
        assertThat(run.path("images_per_second").asDouble()).isEqualTo(700);
        assertThat(run.path("wait_share").asDouble()).isEqualTo(0.15);
    }

    @Test
    void hasOneCsvRowPerRun() {
        assertThat(report().csv().lines())
                .hasSize(7)
                .startsWith(
                        "variant,seed,method,p1,p2,mean_of_peers,ensemble,teacher,control,seconds,images_per_second,"
                                + "wait_share,resumed",
                        "alone,1,independent,0.600000,0.620000,0.610000,0.640000,,0.600000,90.500,700.0,0.1500,false");
    }

    @Test
    void marksDifferencesThatExceedTheSpread() {
        String text = String.join("\n", report().lines());
        assertThat(text)
                .containsPattern("dml +74\\.0 ± 25\\.1 % ")
                .containsPattern("dml +\\+3\\.0 ± 0\\.2 \\* ")
                .contains("peers - alone")
                .contains("Equal terms: in every seed all variants had the same batches and the same control peer");
    }

    @Test
    void reportsUnequalTerms() {
        Summary summary = SummaryTest.summary(0.01, 0.02, 0.03);
        ((ObjectNode) summary.rows().get(0).result().path("fingerprints")).put("plan", "other");
        ComparisonReport report = new ComparisonReport(summary, "runs/x", "");
        String difference = "Seed 1: the batches (plan fingerprint) differ between alone and dml.";
        assertThat(report.json().path("equal_terms").path("kept").asBoolean()).isFalse();
        assertThat(report.lines()).contains("NOT on equal terms:", "  " + difference);
        assertThat(report.html()).contains(difference);
    }

    @Test
    void drawsADotPerSeedBesideMeanAndIntervalOnASelfContainedPage() throws JsonProcessingException {
        String html = report().html();
        assertThat(html.contains("@DATA@") || html.contains("@CHART_LIBRARY@")).isFalse();
        assertThat(html.contains("Chart.js v4")).isTrue();
        assertThat(Pattern.compile("<(script|link|img)[^>]+(src|href)=|sourceMappingURL")
                        .matcher(html)
                        .find())
                .isFalse();
        Matcher matcher = DATA.matcher(html);
        assertThat(matcher.find()).isTrue();
        JsonNode data = new ObjectMapper().readTree(matcher.group(1));
        assertThat(data.path("given").asText()).isEqualTo("variants: </script><b>");
        assertThat(data.path("accuracy")).hasSize(6);
        assertThat(data.path("accuracy").path(0).path("seeds").toString()).isEqualTo("[0.61,0.71,0.81]");
        assertThat(data.path("difference"))
                .hasSize(6)
                .filteredOn(p -> p.path("what").asText().equals("mean of peers against alone"))
                .singleElement()
                .satisfies(p -> assertThat(p.path("exceeds").asBoolean()).isTrue());
    }

    @Test
    void hasAPageAndATableBeforeTheFirstRunIsFinished() {
        ComparisonReport empty = new ComparisonReport(new Summary("x", List.of("a", "b"), List.of(), 4), "d", "");
        assertThat(empty.lines()).contains("0 of 4 runs are finished; the following covers these only.");
        assertThat(empty.csv().lines()).hasSize(1);
        assertThat(empty.html()).contains("0 of 4 runs");
    }
}
