package dev.cohort.runtime.kafka;

import dev.cohort.runtime.HostPort;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses that a cluster advertises: clients ask its bootstrap address once, and then connect to these. */
public final class AdvertisedBrokers {
    private static final int ANSWER_MS_MAX = 5_000;
    private static final int CONNECT_MS_MAX = 5_000;

    private static final int BROKERS_MAX = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(AdvertisedBrokers.class);

    private AdvertisedBrokers() {}

    /**
     * Why clients on this machine cannot reach an advertised address, for people; empty if no reason is found. Kafka's clients do
     * not expose the addresses before they have connected to one, so the request is written by hand. Only for clusters without
     * TLS and passwords.
     */
    public static Optional<String> obstacle(KafkaAddress address) {
        if (!address.client().getOrDefault("security.protocol", "PLAINTEXT").equals("PLAINTEXT")) {
            return Optional.empty();
        }
        for (HostPort server : address.servers()) {
            try {
                return obstacle(named(server));
            } catch (IOException e) {
                LOG.debug("cannot read advertised addresses from={} cause={}", server, e.toString());
            }
        }
        return Optional.empty();
    }

    /**
     * Requests metadata of no topic (Metadata, version 7) from a broker, and reads the brokers at the beginning of the response.
     */
    static List<HostPort> named(HostPort server) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(server.host(), server.port()), CONNECT_MS_MAX);
            socket.setSoTimeout(ANSWER_MS_MAX);
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(request);
            out.writeShort(3); // Metadata
            out.writeShort(7);
            out.writeInt(1); // correlation
            out.writeUTF("cohort");
            out.writeInt(0); // topics
            out.writeBoolean(false); // create topics
            DataOutputStream to = new DataOutputStream(socket.getOutputStream());
            to.writeInt(request.size());
            to.write(request.toByteArray());
            to.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            in.readInt(); // bytes
            in.readInt(); // correlation
            in.readInt(); // throttle time
            int brokers = in.readInt();
            List<HostPort> named = new ArrayList<>();
            for (int i = 0; i < Math.min(brokers, BROKERS_MAX); i++) {
                in.readInt(); // id
                String host = in.readUTF();
                named.add(new HostPort(host, in.readInt()));
                int rack = in.readShort();
                in.skipNBytes(Math.max(0, rack));
            }
            return named;
        } catch (IllegalArgumentException e) {
            throw new IOException("not a response of a Kafka broker", e);
        }
    }

    static Optional<String> obstacle(List<HostPort> brokers) {
        for (HostPort broker : brokers) {
            Optional<String> why = unreachable(broker);
            if (why.isPresent()) {
                return Optional.of("it advertises " + broker + " to its clients, " + why.get()
                        + ": set advertised.listeners of this broker to an address that its clients can reach");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> unreachable(HostPort broker) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(broker.host()), broker.port()), CONNECT_MS_MAX);
            return Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.of("but this machine cannot resolve the name " + broker.host());
        } catch (IOException e) {
            return Optional.of("but this machine cannot connect to it (" + e.getMessage() + ")");
        }
    }
}
