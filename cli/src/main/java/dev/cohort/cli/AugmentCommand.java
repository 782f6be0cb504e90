package dev.cohort.cli;

import dev.cohort.augment.process.AugmenterProcess;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs the augmenter in this process. */
@Command(
        name = "augment",
        mixinStandardHelpOptions = true,
        description = "Run the augmentation service of a run, which sends the batches.",
        footer = "    cohort augment --run RUN --bootstrap HOST:PORT",
        exitCodeList = {
            ExitText.OK,
            ExitText.FAILED,
            ExitText.USAGE,
            ExitText.LEFT,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE,
            ExitText.ORPHANED
        })
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
