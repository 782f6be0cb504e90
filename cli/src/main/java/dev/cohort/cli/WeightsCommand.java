package dev.cohort.cli;

import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Copies the weights of a checkpoint for a stored teacher. */
@Command(
        name = "weights",
        mixinStandardHelpOptions = true,
        description = {
            "Copy the weights of a checkpoint, for use as a teacher.",
            "Leaves out the momentum. Name the new file in method.teacher of an experiment."
        },
        footer = "    cohort weights RUN/checkpoints/p1/step-300.safetensors teacher.safetensors")
final class WeightsCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "CHECKPOINT",
            description = "Checkpoint file: RUN/checkpoints/PEER/step-N.safetensors.")
    private Path checkpoint = Path.of("");

    @Parameters(index = "1", paramLabel = "FILE", description = "New file for the weights.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        StoredNetwork network;
        try {
            network = StoredNetwork.read(checkpoint.toString());
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "checkpoint " + checkpoint + ": cannot be read (" + FileFault.why(e)
                            + "): name a file of a peer's folder in RUN/checkpoints",
                    e);
        }
        try {
            network.write(file);
            System.out.println(file + ": " + network.about().model() + " after step " + network.step() + ", "
                    + Files.size(file) + " bytes");
            return ExitCode.OK.code();
        } catch (FileAlreadyExistsException e) {
            throw new CommandException(ExitCode.USAGE, file + " exists already; name a new file", e);
        } catch (IOException e) {
            throw FileFault.unwritable("weights " + file, e);
        }
    }
}
