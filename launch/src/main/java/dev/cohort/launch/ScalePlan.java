package dev.cohort.launch;

import dev.cohort.experiment.Experiment;
import dev.cohort.launch.Newcomers.Newcomer;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Which peers to start and which to drain to reach the wanted number of contributors.
 *
 * @param start newcomers, in the order of their ids
 * @param drain peers to drain: the newest newcomers first, then the peers of the experiment from the last
 */
public record ScalePlan(List<Newcomer> start, List<PeerId> drain) {
    private static final String NEWCOMER = "n";

    public ScalePlan {
        start = List.copyOf(start);
        drain = List.copyOf(drain);
    }

    /**
     * The run before the change.
     *
     * @param contributors peers that are present or starting, without control and those that are leaving: first those of the
     *     experiment in its order, then those that joined from elsewhere, then newcomers, oldest first
     * @param known ids of all peers that ever joined
     * @param torchThreads of all local peers
     * @param cores of this machine
     */
    public record Present(List<PeerId> contributors, Collection<PeerId> known, int torchThreads, int cores) {
        public Present {
            contributors = List.copyOf(contributors);
            known = List.copyOf(known);
        }
    }

    /**
     * @param models of the newcomers, in turn; may be empty if none has to start
     * @throws CommandException when {@code wanted} is not within {@code elastic.min} and {@code elastic.max}
     */
    public static ScalePlan of(int wanted, Experiment experiment, Present present, List<String> models) {
        Experiment.Elastic elastic = experiment.elastic();
        if (wanted < elastic.min() || wanted > elastic.max()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "scale " + wanted + ": must be from " + elastic.min() + " (elastic.min) to " + elastic.max()
                            + " (elastic.max), the limits this run began with");
        }
        int there = present.contributors().size();
        return wanted >= there
                ? new ScalePlan(newcomers(wanted - there, experiment, present, models), List.of())
                : new ScalePlan(List.of(), newest(there - wanted, present.contributors()));
    }

    private static List<PeerId> newest(int count, List<PeerId> contributors) {
        List<PeerId> drain = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            drain.add(contributors.get(contributors.size() - 1 - i));
        }
        return drain;
    }

    private static List<Newcomer> newcomers(int count, Experiment experiment, Present present, List<String> models) {
        if (models.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "no peer of the run has a built-in model whose features fit the free seats; name a model with"
                            + " --model, or add a network of your own with 'cohort join'");
        }
        int threads = threads(count, experiment, present);
        List<Newcomer> newcomers = new ArrayList<>();
        int number = present.known().stream().mapToInt(ScalePlan::number).max().orElse(0);
        for (int i = 0; i < count; i++) {
            number++;
            String model = models.get((present.contributors().size() + i) % models.size());
            newcomers.add(new Newcomer(new PeerId(NEWCOMER + number), model, threads));
        }
        return newcomers;
    }

    /** Each newcomer's share of the unused cores: at most what the experiment's peers have, at least one. */
    private static int threads(int count, Experiment experiment, Present present) {
        int left = (present.cores() - present.torchThreads()) / Math.max(1, count);
        return Math.max(1, Math.min(left, experiment.threads().torchPerPeer().orElse(1)));
    }

    /** 7 for n7; 0 for an id of another form. */
    private static int number(PeerId id) {
        return id.value().matches(NEWCOMER + "[0-9]{1,6}")
                ? Integer.parseInt(id.value().substring(NEWCOMER.length()))
                : 0;
    }

    /** Threads of all peers to start together. */
    public int torchThreads() {
        return start.stream().mapToInt(Newcomer::torchThreads).sum();
    }
}
