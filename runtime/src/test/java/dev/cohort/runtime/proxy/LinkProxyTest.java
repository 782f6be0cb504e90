package dev.cohort.runtime.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A proxy in front of an echo server, whose answers must arrive complete and in order. */
@Timeout(60)
class LinkProxyTest {
    private final Vertx vertx = Vertx.vertx();
    private final Links links = Links.choose(List.of("p1", "p2"));
    private final LinkControl control = new LinkControl(links);

    @BeforeEach
    void startsBetweenEchoesAndTheirCallers() throws IOException {
        for (Link link : links.all()) {
            ServerSocket server = new ServerSocket(link.brokerPort(), 10, InetAddress.getLoopbackAddress());
            daemon(() -> {
                while (true) {
                    Socket caller = server.accept();
                    daemon(() -> caller.getInputStream().transferTo(caller.getOutputStream()));
                }
            });
        }
        vertx.deployVerticle(new LinkProxy(links))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    @AfterEach
    void ends() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private interface Body {
        void run() throws IOException;
    }

    private static void daemon(Body body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (IOException e) {
                // A connection that was cut.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Socket call(String process) throws IOException {
        return new Socket(
                InetAddress.getLoopbackAddress(),
                links.of(process).orElseThrow().port());
    }

    private static byte[] echoed(Socket socket, byte[] bytes) throws IOException {
        daemon(() -> socket.getOutputStream().write(bytes));
        return socket.getInputStream().readNBytes(bytes.length);
    }

    private static byte[] noise(int bytes) {
        byte[] noise = new byte[bytes];
        new Random(7).nextBytes(noise);
        return noise;
    }

    @Test
    void passesAllBytesInOrder() throws IOException {
        byte[] bytes = noise(30 << 20);
        try (Socket socket = call("p1")) {
            assertThat(Arrays.equals(echoed(socket, bytes), bytes)).isTrue();
        }
    }

    @Test
    void deliversDataInTransitAfterAPartition() throws Exception {
        byte[] bytes = noise(6 << 20);
        try (Socket parted = call("p1");
                Socket other = call("p2")) {
            echoed(parted, noise(10));
            assertThat(control.cause("p1", new LinkFault.Parted(1_200))).isTrue();
            daemon(() -> parted.getOutputStream().write(bytes));
            parted.setSoTimeout(600);
            InputStream answers = parted.getInputStream();
            assertThatThrownBy(answers::read).isInstanceOf(SocketTimeoutException.class);
            assertThat(echoed(other, bytes)).isEqualTo(bytes);
            parted.setSoTimeout(20_000);
            assertThat(Arrays.equals(answers.readNBytes(bytes.length), bytes)).isTrue();
        }
    }

    @Test
    void delaysASlowLineInBothDirectionsAndKeepsTheOrder() throws Exception {
        byte[] bytes = noise(1 << 20);
        try (Socket socket = call("p1")) {
            echoed(socket, noise(10));
            assertThat(control.cause("p1", new LinkFault.Slowed(150, 30_000))).isTrue();
            long start = System.nanoTime();
            assertThat(Arrays.equals(echoed(socket, bytes), bytes)).isTrue();
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isGreaterThanOrEqualTo(300);
        }
    }

    @Test
    void closesConnectionsAtACutAndAcceptsNewOnes() throws Exception {
        try (Socket socket = call("p1")) {
            echoed(socket, noise(10));
            assertThat(control.cause("p1", new LinkFault.Cut())).isTrue();
            assertThat(ended(socket)).isTrue();
        }
        try (Socket again = call("p1")) {
            assertThat(echoed(again, noise(100))).isEqualTo(noise(100));
        }
    }

    private static boolean ended(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void endsOneSideWithTheOther() throws IOException {
        try (Socket socket = call("p1")) {
            echoed(socket, noise(10));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void refusesInvalidRequestsWithAReason() {
        assertThatThrownBy(() -> control.cause("p9", new LinkFault.Cut()))
                .hasMessageContaining("process 'p9' has no link: must be one of [p1, p2]");
        assertThatThrownBy(() -> new LinkFault.Slowed(0, 1)).hasMessageContaining("delay_ms 0: must be 1..5000 ms");
        assertThatThrownBy(() -> new LinkFault.Parted(0)).hasMessageContaining("for_ms 0");
        assertThatThrownBy(() -> Links.choose(List.of("a", "a"))).hasMessageContaining("appears twice");
    }

    @Test
    void refusesWebPages() throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + links.controlPort() + "/links/p1/cut"))
                                .header("Origin", "http://somewhere.example")
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(403);
    }
}
