package dev.cohort.peer.external;

import dev.cohort.runtime.ComputingProcess;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The Python that runs a network, and how long it may take.
 *
 * @param command name or path of the interpreter
 * @param packages folder to find packages in before all others, such as that of {@code cohort_learner}
 * @param startLimit from the start of the process to its first reply: it imports its framework, and may load weights
 * @param replyLimit of every other request
 */
public record Interpreter(String command, Optional<Path> packages, Duration startLimit, Duration replyLimit) {
    private static final Duration START_LIMIT = Duration.ofMinutes(10);
    private static final Duration REPLY_LIMIT = Duration.ofMinutes(10);

    /**
     * The one that was chosen, else that of {@code COHORT_PYTHON}, else {@code python3}.
     *
     * @param chosen for this peer
     * @param environment of this process
     */
    public static Interpreter of(Optional<String> chosen, Map<String, String> environment, Optional<Path> packages) {
        String command = chosen.or(() -> Optional.ofNullable(environment.get("COHORT_PYTHON")))
                .filter(name -> !name.isBlank())
                .orElse("python3");
        return new Interpreter(command, packages, START_LIMIT, REPLY_LIMIT);
    }

    public Interpreter withLimits(Duration start, Duration reply) {
        return new Interpreter(command, packages, start, reply);
    }

    /** What to start so that the learner of that setting connects to {@code socket}. */
    List<String> commandLine(ExternalSetting setting, Path socket) {
        return setting.program()
                .map(program -> List.of(command, program, "--socket", socket.toString()))
                .orElseGet(() -> List.of(command, "-m", "cohort_learner", "--socket", socket.toString()));
    }

    /** Variables to add to the environment of the process. */
    Map<String, String> environment(ExternalSetting setting, Map<String, String> inherited) {
        Map<String, String> added = new TreeMap<>(ComputingProcess.environment(setting.threads(), inherited));
        String threads = Integer.toString(setting.threads());
        added.put("PYTHONUNBUFFERED", "1");
        added.put("OPENBLAS_NUM_THREADS", threads);
        added.put("MKL_NUM_THREADS", threads);
        // CUDA's matrix products are repeatable only with a workspace of a fixed size.
        added.put("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
        packages.ifPresent(folder -> added.put(
                "PYTHONPATH",
                Optional.ofNullable(inherited.get("PYTHONPATH"))
                        .filter(path -> !path.isEmpty())
                        .map(path -> folder + File.pathSeparator + path)
                        .orElse(folder.toString())));
        return added;
    }
}
