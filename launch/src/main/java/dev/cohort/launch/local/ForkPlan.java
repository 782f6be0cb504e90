package dev.cohort.launch.local;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.report.OpenRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A fork that is ready to start: the same run as its parent up to a step.
 *
 * @param learningRate a remark on the learning rate, if it does not continue as in the parent
 */
public record ForkPlan(LaunchPlan launch, Optional<String> learningRate) {
    /**
     * Checks a fork and plans it.
     *
     * @param step last shared step
     * @param settings {@code KEY=VALUE} for the steps after it
     * @param config settings of Kafka clients
     * @param runs folder of runs, for stored teachers
     * @throws CommandException when the fork would differ from its parent up to the step, or the parent's log ends before it
     */
    public static ForkPlan of(
            RunDirectory parent, long step, List<String> settings, Map<String, String> config, Path runs) {
        try (OpenRun opened = new RunHandle.Directory(parent, config).open()) {
            long whole = wholeSteps(opened);
            if (step < 1 || step > whole) {
                throw refused("--at " + step + ": the log of the parent has the steps 1 to " + whole);
            }
            Experiment before = opened.experiment();
            List<String> all =
                    new ArrayList<>(List.of("run.name=" + before.run().name() + "-fork"));
            all.addAll(settings);
            LaunchPlan asked = Preparation.prepare(Optional.of(parent.effective()), all, runs);
            LaunchPlan plan = Preparation.adding(asked, client(parent, asked, config));
            List<String> other = differences(opened.manifest(), before, plan);
            if (!other.isEmpty()) {
                throw refused(String.join(", ", other)
                        + ": must be as in the parent, whose steps up to " + step
                        + " the fork shares. A fork may change the method and its parameters, learning rate and"
                        + " schedule, pace, wire, record, elastic.min and the number of steps");
            }
            if (plan.manifest().steps() <= step) {
                throw refused("run.steps " + plan.manifest().steps() + ": must be more than " + step + " (--at)");
            }
            try {
                RunTeacher.of(plan.manifest().forkedFrom(Optional.of(Fork.parentOf(opened, step))), plan.experiment());
            } catch (IllegalArgumentException e) {
                throw refused("method " + plan.experiment().method().name() + ": " + e.getMessage());
            }
            return new ForkPlan(
                    plan,
                    ForkedRate.of(opened.manifest(), before, plan.manifest(), plan.experiment(), step)
                            .sentence());
        }
    }

    /** A fork on the cluster of its parent inherits the parent's client settings. */
    private static Map<String, String> client(RunDirectory parent, LaunchPlan plan, Map<String, String> config) {
        boolean same = plan.experiment()
                .kafka()
                .bootstrap()
                .filter(b -> b.equals(parent.about().bootstrap()))
                .isPresent();
        return same ? parent.client(config) : config;
    }

    private static CommandException refused(String why) {
        return new CommandException(ExitCode.USAGE, "fork: " + why);
    }

    /** Number of steps from the first that have a batch and an outcome. */
    private static long wholeSteps(OpenRun opened) {
        AtomicLong batches = new AtomicLong();
        AtomicLong outcomes = new AtomicLong();
        opened.each(Topic.BATCHES, message -> {
            if (message instanceof Batch batch) {
                batches.compareAndSet(batch.step() - 1, batch.step());
            }
        });
        opened.each(Topic.OUTCOMES, message -> {
            if (message instanceof Outcome outcome) {
                outcomes.compareAndSet(outcome.step() - 1, outcome.step());
            }
        });
        return Math.min(batches.get(), outcomes.get());
    }

    /** Changed sections and keys that the shared steps depend on. */
    private static List<String> differences(Manifest parent, Experiment before, LaunchPlan plan) {
        Experiment after = plan.experiment();
        List<String> other = new ArrayList<>();
        note(
                other,
                "data",
                !anywhere(before.data()).equals(anywhere(after.data()))
                        || !parent.dataDigest().equals(plan.manifest().dataDigest()));
        note(other, "augment", !before.augment().equals(after.augment()));
        note(other, "mix", !before.mix().equals(after.mix()));
        note(other, "run.seed", before.run().seed() != after.run().seed());
        note(other, "run.batch_size", before.run().batchSize() != after.run().batchSize());
        note(other, "peers", !before.peers().equals(after.peers()));
        note(other, "elastic.max", before.elastic().max() != after.elastic().max());
        note(other, "threads", !before.threads().equals(after.threads()));
        WeightUpdate one = before.optimizer().update();
        WeightUpdate two = after.optimizer().update();
        note(other, "optimizer." + changed(one.rule(), two.rule()), !one.rule().equals(two.rule()));
        note(other, "optimizer.weight_decay", one.weightDecay() != two.weightDecay());
        note(other, "optimizer.clip_norm", !one.clipNorm().equals(two.clipNorm()));
        note(other, "optimizer.average_decay", !one.averageDecay().equals(two.averageDecay()));
        return other;
    }

    /** The key in which two rules differ. */
    private static String changed(UpdateRule one, UpdateRule two) {
        if (one instanceof UpdateRule.Sgd before && two instanceof UpdateRule.Sgd after) {
            return before.momentum() != after.momentum() ? "momentum" : "nesterov";
        }
        if (one instanceof UpdateRule.AdamW before && two instanceof UpdateRule.AdamW after) {
            return before.beta1() != after.beta1() ? "beta1" : before.beta2() != after.beta2() ? "beta2" : "epsilon";
        }
        return "name";
    }

    /** The data without its path, since it may have moved. */
    private static Experiment.Data anywhere(Experiment.Data data) {
        return new Experiment.Data(data.name(), Optional.empty(), data.mode(), data.validation());
    }

    private static void note(List<String> other, String key, boolean differs) {
        if (differs) {
            other.add(key);
        }
    }
}
