package dev.cohort.runtime;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Serves the state of a process over HTTP, read only: {@code /health} (it is alive), {@code /ready} (it can work; otherwise 503
 * and the reasons), {@code /status} (the newest snapshots of its parts) and {@code /metrics} (for Prometheus).
 */
public final class HttpVerticle extends VerticleBase {
    /** Event bus address to which the parts of a process publish their {@link Status}. */
    static final String STATUS_ADDRESS = "cohort.status";

    private final String processName;
    private final HostPort wanted;
    private final PrometheusMeterRegistry registry;
    private final Supplier<List<String>> notReady;
    /** Event loop only. */
    private final Map<String, JsonObject> parts = new TreeMap<>();

    private volatile int boundPort;

    /**
     * @param processName shown by {@code /status}
     * @param wanted address to listen on, port 0 for a free one
     * @param notReady called for each {@code /ready}: the reasons why the process is not ready; must not block
     */
    public HttpVerticle(
            String processName, HostPort wanted, PrometheusMeterRegistry registry, Supplier<List<String>> notReady) {
        this.processName = processName;
        this.wanted = wanted;
        this.registry = registry;
        this.notReady = notReady;
    }

    /** The port on which it listens, once deployed. */
    public int port() {
        if (boundPort == 0) {
            throw new IllegalStateException("port of " + wanted + ": not known before deployment");
        }
        return boundPort;
    }

    @Override
    public Future<?> start() {
        vertx.eventBus().<JsonObject>consumer(STATUS_ADDRESS).handler(this::keep);
        Router router = Router.router(vertx);
        router.get("/health").handler(c -> json(c, 200, new JsonObject().put("status", "up")));
        router.get("/ready").handler(this::ready);
        router.get("/status").handler(this::status);
        router.get("/metrics").handler(this::metrics);
        return vertx.createHttpServer(
                        new HttpServerOptions().setHost(wanted.host()).setPort(wanted.port()))
                .requestHandler(router)
                .listen()
                .onSuccess(server -> boundPort = server.actualPort());
    }

    private void keep(Message<JsonObject> message) {
        JsonObject part = message.body();
        parts.put(part.getString("name"), part.getJsonObject("figures"));
    }

    private void ready(RoutingContext context) {
        List<String> reasons = notReady.get();
        JsonObject body = new JsonObject()
                .put("status", reasons.isEmpty() ? "up" : "down")
                .put("reasons", new JsonArray(reasons));
        json(context, reasons.isEmpty() ? 200 : 503, body);
    }

    private void status(RoutingContext context) {
        JsonObject all = new JsonObject();
        parts.forEach(all::put);
        json(context, 200, new JsonObject().put("process", processName).put("parts", all));
    }

    /** Not on the event loop, since formatting some hundred meters takes milliseconds. */
    private void metrics(RoutingContext context) {
        vertx.executeBlocking(registry::scrape, false)
                .onSuccess(text -> context.response()
                        .putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
                        .end(text))
                .onFailure(context::fail);
    }

    private static void json(RoutingContext context, int code, JsonObject body) {
        HttpServerResponse response = context.response();
        response.setStatusCode(code)
                .putHeader("content-type", "application/json")
                .putHeader("cache-control", "no-store")
                .end(body.toBuffer());
    }
}
