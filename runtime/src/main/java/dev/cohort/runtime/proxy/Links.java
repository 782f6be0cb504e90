package dev.cohort.runtime.proxy;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All links of a run, kept in a file during the run. The broker, the proxy and the commands that break links read it.
 *
 * @param controlPort loopback port of the proxy for requests to break links
 * @param all links in the order of the broker's listeners
 */
public record Links(int controlPort, List<Link> all) {
    public Links {
        all = List.copyOf(all);
    }

    /**
     * Links on free ports.
     *
     * @param processes names of the processes
     * @throws IllegalArgumentException when a process appears twice
     */
    public static Links choose(List<String> processes) {
        if (processes.stream().distinct().count() != processes.size()) {
            throw new IllegalArgumentException("links of " + processes + ": a process appears twice");
        }
        List<ServerSocket> held = new ArrayList<>();
        try {
            // Opened all at once, so that no port is chosen twice.
            for (int i = 0; i < 2 * processes.size() + 1; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < processes.size(); i++) {
                links.add(new Link(
                        processes.get(i),
                        held.get(2 * i).getLocalPort(),
                        held.get(2 * i + 1).getLocalPort()));
            }
            return new Links(held.get(2 * processes.size()).getLocalPort(), links);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "no " + (2 * processes.size() + 1) + " free ports on loopback for the proxy", e);
        } finally {
            held.forEach(Links::release);
        }
    }

    private static void release(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The process that needs the port will report that it is in use.
        }
    }

    /** The link of a process, if it has one. */
    public Optional<Link> of(String process) {
        return all.stream().filter(l -> l.process().equals(process)).findFirst();
    }

    /** The content of the file. */
    public String json() {
        JsonArray links = new JsonArray();
        all.forEach(l -> links.add(new JsonObject()
                .put("process", l.process())
                .put("port", l.port())
                .put("broker_port", l.brokerPort())));
        return new JsonObject()
                        .put("control_port", controlPort)
                        .put("links", links)
                        .encodePrettily()
                + "\n";
    }

    /**
     * Reads a file with {@link #json}.
     *
     * @throws IllegalArgumentException when the file has other content
     * @throws UncheckedIOException when the file cannot be read
     */
    public static Links read(Path file) {
        try {
            JsonObject json = new JsonObject(Files.readString(file));
            List<Link> links = new ArrayList<>();
            for (Object entry : json.getJsonArray("links", new JsonArray())) {
                JsonObject link = (JsonObject) entry;
                links.add(new Link(
                        link.getString("process", ""), link.getInteger("port", 0), link.getInteger("broker_port", 0)));
            }
            return new Links(json.getInteger("control_port", 0), links);
        } catch (DecodeException | ClassCastException e) {
            throw new IllegalArgumentException(
                    "links file " + file + ": not written by run --proxy (" + e.getMessage() + ")", e);
        } catch (IOException e) {
            throw new UncheckedIOException("links file " + file + " cannot be read", e);
        }
    }
}
