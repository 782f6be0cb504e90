package dev.cohort.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * The software of a process, so that a result can be traced to the code that computed it.
 *
 * @param version version of Cohort
 * @param commit abbreviated id of the commit it was built from, with {@code -dirty} if sources had changed since; {@value
 *     #UNKNOWN} without a repository, or if the command is not on the class path
 * @param jdk version and vendor of the running Java
 * @param torch version of PyTorch that it is built for; another version is refused at the start
 */
public record Software(String version, String commit, String jdk, String torch) {
    static final String UNKNOWN = "unknown";

    private static final String BUILD = "/dev/cohort/build.properties";
    private static final Software CURRENT = read();

    /** The software of this process. */
    public static Software current() {
        return CURRENT;
    }

    private static Software read() {
        Properties build = new Properties();
        try (InputStream in = Software.class.getResourceAsStream(BUILD)) {
            // Part of the command; missing where roles are embedded without it.
            if (in != null) {
                build.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Software(
                build.getProperty("version", UNKNOWN),
                commit(build.getProperty("commit", UNKNOWN), Boolean.parseBoolean(build.getProperty("dirty"))),
                Runtime.version() + " (" + System.getProperty("java.vendor", UNKNOWN) + ")",
                build.getProperty("torch", UNKNOWN));
    }

    static String commit(String id, boolean dirty) {
        return dirty && !id.equals(UNKNOWN) ? id + "-dirty" : id;
    }

    @Override
    public String toString() {
        return "cohort " + version + " (commit " + commit + "), JDK " + jdk + ", PyTorch " + torch;
    }
}
