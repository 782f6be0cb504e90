package dev.cohort.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Sends HTTP requests to a process. */
final class HttpProbe {
    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;

    HttpProbe(int port) {
        this.port = port;
    }

    /** Status code, content type and body. */
    String get(String path) {
        return ask("GET", path);
    }

    String ask(String method, String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        try {
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            return response.statusCode() + " "
                    + response.headers().firstValue("content-type").orElse("-") + " " + response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
