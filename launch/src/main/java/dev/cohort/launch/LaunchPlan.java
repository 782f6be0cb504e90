package dev.cohort.launch;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run that is checked and ready to be started.
 *
 * @param manifest first record of its log
 * @param dataBytes uint8 pixels of all images, from which heaps are sized
 * @param disk estimated bytes on disk
 * @param notes remarks on the data and this host for the user, a line each
 */
public record LaunchPlan(Experiment experiment, Manifest manifest, long dataBytes, DiskNeed disk, List<String> notes) {
    public LaunchPlan {
        notes = List.copyOf(notes);
    }

    /** The same plan with further notes. */
    public LaunchPlan noting(List<String> more) {
        return new LaunchPlan(
                experiment,
                manifest,
                dataBytes,
                disk,
                Stream.concat(notes.stream(), more.stream()).toList());
    }
}
