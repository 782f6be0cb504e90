package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpVerticleTest {
    private final RoleProcess process = RoleProcess.start("coordinator");
    private final AtomicReference<List<String>> reasons = new AtomicReference<>(List.of());
    private final int port = process.serve(HostPort.LOOPBACK, () -> reasons.get());
    private final HttpProbe http = new HttpProbe(port);

    @AfterEach
    void stop() {
        process.close();
    }

    @Test
    void isHealthyWhileItLives() {
        assertThat(http.get("/health")).isEqualTo("200 application/json {\"status\":\"up\"}");
    }

    @Test
    void isReadyUnlessAReasonIsGiven() {
        assertThat(http.get("/ready")).startsWith("200 ").contains("\"reasons\":[]");
        reasons.set(List.of("broker unreachable", "catching up"));
        assertThat(http.get("/ready"))
                .startsWith("503 ")
                .contains("{\"status\":\"down\",\"reasons\":[\"broker unreachable\",\"catching up\"]}");
    }

    @Test
    void showsTheNewestStatusOfEachPart() {
        assertThat(http.get("/status")).endsWith("{\"process\":\"coordinator\",\"parts\":{}}");
        publish("membership", Map.of("peers", List.of("p1", "p2"), "paused", false, "gone", Map.of("p4", 1, "p3", 2)));
        publish("step", Map.of("open", 7));
        publish("step", Map.of("open", 8));
        Eventually.until("both parts", () -> http.get("/status").contains("\"open\":8"));
        assertThat(http.get("/status"))
                .startsWith("200 application/json ")
                .contains(
                        "\"parts\":{\"membership\":{\"gone\":{\"p3\":2,\"p4\":1},\"paused\":false,\"peers\":[\"p1\",\"p2\"]},\"step\":{\"open\":8}}");
    }

    private void publish(String part, Map<String, Object> figures) {
        JsonObject status = new JsonObject().put("name", part).put("figures", new Status(figures).toJson());
        process.vertx().eventBus().publish(HttpVerticle.STATUS_ADDRESS, status);
    }

    @Test
    void servesMetricsToPrometheus() {
        ObservedNode node = new ObservedNode("peer", new ScriptedNode(m -> List.of(m, m)), process.registry());
        node.onMessage(Samples.command(1), 0);
        node.onDeadline(0);
        assertThat(http.get("/metrics"))
                .startsWith("200 text/plain")
                .contains("cohort_messages_in_total{node=\"peer\",type=\"Command\"} 1.0")
                .contains("cohort_messages_out_total{node=\"peer\",type=\"Command\"} 2.0")
                .contains("cohort_node_call_seconds_count{call=\"deadline\",node=\"peer\"} 1")
                .contains("cohort_eventloop_blocks 0.0")
                .contains("jvm_memory_used_bytes");
    }

    @Test
    void servesNothingElse() {
        assertThat(http.get("/")).startsWith("404");
        assertThat(http.ask("POST", "/health")).startsWith("405");
    }

    @Test
    void namesTheAddressThatCannotBeUsed() {
        assertThatThrownBy(() -> process.serve(HostPort.LOOPBACK.with(port), List::of))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("HTTP address 127.0.0.1:" + port);
    }
}
