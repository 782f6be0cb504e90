package dev.cohort.runtime.proxy;

import dev.cohort.runtime.ParentWatch;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP proxy between the processes of a run and its broker, with a port for each process. It breaks a link on request: {@code
 * POST /links/NAME/part?for_ms=}, {@code /slow?delay_ms=&for_ms=} or {@code /cut} on its control port; {@code GET /links} returns
 * the state of the links. It does not interpret Kafka's protocol: the broker advertises to each process the port of its link, so
 * that all its connections pass through the proxy. Loopback only.
 */
public final class LinkProxy extends VerticleBase {
    static final String LOOPBACK = "127.0.0.1";
    private static final Logger LOG = LoggerFactory.getLogger(LinkProxy.class);

    private final Links links;
    private final List<Wire> wires = new ArrayList<>();

    public LinkProxy(Links links) {
        this.links = links;
    }

    /**
     * Serves until the process is asked to end.
     *
     * @throws IllegalStateException when a port of a link is in use
     */
    public static void run(Links links) throws InterruptedException {
        Vertx vertx = Vertx.vertx();
        CompletableFuture<Void> end = new CompletableFuture<>();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end.complete(null), "proxy-shutdown"));
        ParentWatch.startIfSupervised(System.getenv(), System.in, () -> System.exit(0));
        try {
            vertx.deployVerticle(new LinkProxy(links))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get();
            LOG.info("proxy serves control_port={} links={}", links.controlPort(), links.all());
            end.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    "the proxy cannot open its ports (" + e.getCause() + "): end the process that uses them"
                            + " (ss -ltnp shows which)",
                    e);
        } finally {
            vertx.close();
        }
    }

    @Override
    public Future<?> start() {
        NetClient client = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
        List<Future<?>> open = new ArrayList<>();
        for (Link link : links.all()) {
            Wire wire = new Wire(vertx, link, client);
            wires.add(wire);
            open.add(wire.open());
        }
        Router router = Router.router(vertx);
        router.route().handler(LinkProxy::refuseBrowsers);
        router.get("/links").handler(this::status);
        router.post("/links/:process/part").handler(c -> suffer(c, () -> new LinkFault.Parted(parameter(c, "for_ms"))));
        router.post("/links/:process/slow")
                .handler(c -> suffer(c, () -> new LinkFault.Slowed(parameter(c, "delay_ms"), parameter(c, "for_ms"))));
        router.post("/links/:process/cut").handler(c -> suffer(c, LinkFault.Cut::new));
        open.add(
                vertx.createHttpServer(new HttpServerOptions().setHost(LOOPBACK).setPort(links.controlPort()))
                        .requestHandler(router)
                        .listen());
        return Future.all(open);
    }

    /** A web page in a local browser can post to loopback, too. Only browsers send the header {@code Origin}. */
    private static void refuseBrowsers(RoutingContext context) {
        if (context.request().getHeader("origin") == null) {
            context.next();
        } else {
            answer(context, 403, new JsonObject().put("error", "not for web pages"));
        }
    }

    private void status(RoutingContext context) {
        JsonArray all = new JsonArray();
        wires.forEach(w -> all.add(w.status()));
        answer(context, 200, new JsonObject().put("links", all));
    }

    private interface Asked {
        LinkFault fault();
    }

    private void suffer(RoutingContext context, Asked asked) {
        String process = context.pathParam("process");
        try {
            LinkFault fault = asked.fault();
            Wire wire = wires.stream()
                    .filter(w -> w.link().process().equals(process))
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException("process '" + process + "' has no link: must be one of "
                                    + links.all().stream().map(Link::process).toList()));
            wire.suffer(fault);
            answer(context, 200, wire.status());
        } catch (IllegalArgumentException e) {
            answer(context, 400, new JsonObject().put("error", e.getMessage()));
        }
    }

    private static long parameter(RoutingContext context, String name) {
        String value = String.join(",", context.queryParam(name));
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " '" + value + "': must be a whole number of milliseconds", e);
        }
    }

    private static void answer(RoutingContext context, int code, JsonObject body) {
        context.response()
                .setStatusCode(code)
                .putHeader("content-type", "application/json")
                .end(body.toBuffer());
    }
}
