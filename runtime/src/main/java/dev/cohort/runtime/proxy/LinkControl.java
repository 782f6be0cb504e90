package dev.cohort.runtime.proxy;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Asks a {@link LinkProxy} on this machine to break links. */
public final class LinkControl {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private final int controlPort;

    public LinkControl(Links links) {
        this.controlPort = links.controlPort();
    }

    /**
     * Breaks the link of a process.
     *
     * @return whether the proxy answered; it may be restarting
     * @throws IllegalArgumentException when the proxy refuses, with the reason
     */
    public boolean cause(String process, LinkFault fault) throws InterruptedException {
        try {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(uri(process, fault))
                            .timeout(LIMIT)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalArgumentException("the proxy refuses " + fault + ": " + answer.body());
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private URI uri(String process, LinkFault fault) {
        String what;
        if (fault instanceof LinkFault.Parted parted) {
            what = "part?for_ms=" + parted.forMs();
        } else if (fault instanceof LinkFault.Slowed slowed) {
            what = "slow?delay_ms=" + slowed.delayMs() + "&for_ms=" + slowed.forMs();
        } else {
            what = "cut";
        }
        return URI.create("http://" + LinkProxy.LOOPBACK + ":" + controlPort + "/links/"
                + URLEncoder.encode(process, StandardCharsets.UTF_8) + "/" + what);
    }
}
