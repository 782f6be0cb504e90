package dev.cohort.cli.launch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the Java processes of a run are started: on the class path and the Java of this process, with little memory and a quick
 * start.
 */
public final class Jvm {
    private static final String MAIN = "dev.cohort.cli.Cohort";
    private static final int MIB = 1 << 20;

    private final String java;
    private final String classPath;

    private Jvm(String java, String classPath) {
        this.java = java;
        this.classPath = classPath;
    }

    /** The Java that runs this process. */
    public static Jvm current() {
        return new Jvm(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                System.getProperty("java.class.path", ""));
    }

    /** A process whose short life or little arithmetic does not pay for the optimising compiler. */
    List<String> light(long heapBytesMax, List<String> arguments) {
        return command(heapBytesMax, List.of("-XX:TieredStopAtLevel=1"), arguments);
    }

    /** A process that computes with {@code torchThreads} threads. */
    List<String> learning(long heapBytesMax, int torchThreads, List<String> arguments) {
        return command(heapBytesMax, List.of("-Dai.djl.pytorch.num_threads=" + torchThreads), arguments);
    }

    /** A process whose flags are known. */
    List<String> plain(List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(java));
        command.addAll(flags);
        command.add("-XX:-UsePerfData");
        command.add(MAIN);
        command.addAll(arguments);
        return command;
    }

    private List<String> command(long heapBytesMax, List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                java,
                "-Xmx" + Math.max(1, heapBytesMax / MIB) + "m",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                // Frees the disk from a mapped file per process.
                "-XX:-UsePerfData",
                // A process without memory is of no use to anybody; started again it may be.
                "-XX:+ExitOnOutOfMemoryError",
                "-Dai.djl.offline=" + System.getProperty("ai.djl.offline", "true")));
        command.addAll(flags);
        command.add(MAIN);
        command.addAll(arguments);
        return command;
    }

    /** Environment of every child: the class path, where it does not clutter lists of processes. */
    Map<String, String> environment() {
        return new TreeMap<>(Map.of("CLASSPATH", classPath));
    }

    /** Environment of a child that computes with torch: idle threads sleep, since processes share cores. */
    Map<String, String> learningEnvironment(int torchThreads) {
        Map<String, String> environment = environment();
        environment.put("OMP_WAIT_POLICY", "PASSIVE");
        environment.put("OMP_NUM_THREADS", Integer.toString(torchThreads));
        return environment;
    }
}
