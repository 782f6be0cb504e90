package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Pattern DATA =
            Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

    private static JsonNode data(String html) throws JsonProcessingException {
        Matcher matcher = DATA.matcher(html);
        assertThat(matcher.find()).isTrue();
        return new ObjectMapper().readTree(matcher.group(1));
    }

    @Test
    void holdsEverythingItNeeds() {
        String html = Report.html(new Result(SampleRun.whole(), true, 1), "run: {}");
        assertThat(html.contains("Chart.js v4")).isTrue();
        assertThat(html.contains("@DATA@") || html.contains("@CHART_LIBRARY@")).isFalse();
        assertThat(Pattern.compile("<(script|link|img)[^>]+(src|href)=|sourceMappingURL")
                        .matcher(html)
                        .find())
                .isFalse();
    }

    @Test
    void hasACurveForEverySource() throws JsonProcessingException {
        JsonNode data = data(Report.html(new Result(SampleRun.whole(), true, 1), "run: {}"));
        assertThat(data.path("sources"))
                .extracting(s -> s.path("name").asText())
                .containsExactly("p1", "p2", "ensemble", "control");
        assertThat(data.path("sources").path(0).path("accuracy").toString()).isEqualTo("[[1.0,0.5],[2.0,0.5]]");
        assertThat(data.path("sources").path(2).path("accuracy").toString()).isEqualTo("[[1.0,1.0],[2.0,1.0]]");
        assertThat(data.path("sources").path(0).path("crossEntropy")).hasSize(9);
        assertThat(data.path("sources").path(3).has("distillation")).isFalse();
    }

    @Test
    void showsTheParametersOfTheMethod() throws JsonProcessingException {
        JsonNode data = data(Report.html(new Result(SampleRun.whole(), true, 1), "run: {}"));
        assertThat(data.path("facts"))
                .filteredOn(f -> f.path("name").asText().equals("Method"))
                .singleElement()
                .satisfies(f -> assertThat(f.path("value").asText())
                        .startsWith("mean_logit with temperature=3.0, weight=1.0, ramp_up_epochs=0, self=true: L_i ="));
    }

    @Test
    void keepsAConfigurationThatLooksLikeMarkupInItsPlace() throws JsonProcessingException {
        String hostile = "name: </script><script>alert(1)</script><!--";
        String html = Report.html(new Result(SampleRun.whole(), true, 1), hostile);
        assertThat(html.contains("<script>alert")).isFalse();
        assertThat(data(html).path("configuration").asText()).isEqualTo(hostile);
    }
}
