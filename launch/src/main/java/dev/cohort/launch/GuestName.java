package dev.cohort.launch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;

/** Ids of peers that nobody named. */
public final class GuestName {
    private static final int HOST_CHARACTERS_MAX = 20;

    private GuestName() {}

    /** Made from the host name and the process id, so that it is unique in a run. */
    public static String ofThisProcess() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "guest";
        }
        String plain =
                host.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-").replaceAll("^-+", "");
        String cut = plain.substring(0, Math.min(HOST_CHARACTERS_MAX, plain.length()));
        return (cut.isEmpty() ? "guest" : cut) + "-" + ProcessHandle.current().pid();
    }
}
