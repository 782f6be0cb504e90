package dev.cohort.cli;

import dev.cohort.augment.process.AugmenterProcess;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The augmenter in this process. */
@Command(
        name = "augment",
        mixinStandardHelpOptions = true,
        description = "The augmentation service of a run in this process: sends the batches.")
final class AugmentCommand implements Callable<Integer> {
    @Mixin
    private RoleTarget target = new RoleTarget();

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Override
    public Integer call() {
        return AugmenterProcess.run(target.options("augmenter", 1), data.path()).code();
    }
}
