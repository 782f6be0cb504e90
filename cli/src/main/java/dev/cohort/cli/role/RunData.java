package dev.cohort.cli.role;

import dev.cohort.augment.data.DataCatalog;
import dev.cohort.augment.data.DataException;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import java.nio.file.Path;
import java.util.Optional;

/** The data of a run that has begun: it may lie elsewhere by now, or on this machine, but it must be the same. */
public final class RunData {
    private RunData() {}

    /** The experiment with its data in {@code elsewhere}, if that is given. */
    public static Experiment at(Experiment e, Optional<Path> elsewhere) {
        if (elsewhere.isEmpty()) {
            return e;
        }
        Experiment.Data data = e.data();
        return new Experiment(
                e.run(),
                new Experiment.Data(data.name(), elsewhere.map(Path::toString), data.mode(), data.validation()),
                e.augment(),
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                e.pace(),
                e.elastic(),
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
    }

    /**
     * Reads the data of a run.
     *
     * @param elsewhere where it is on this machine; empty for where the experiment says
     * @throws IllegalArgumentException when it is not there or is other data; the message says what to do
     */
    public static ImageData open(Manifest manifest, Experiment experiment, Optional<Path> elsewhere) {
        Experiment.Data place = at(experiment, elsewhere).data();
        ImageData data;
        try {
            data = DataCatalog.open(place);
        } catch (DataException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + ". If the data of this run is elsewhere by now, name its folder with --data-path",
                    e);
        }
        requireSame(manifest, RunPlan.manifest(experiment, data), place);
        return data;
    }

    /**
     * Refuses data that is not what a run began with.
     *
     * @param begun what the run is
     * @param now what it would be with the data that is there now
     * @param place where that data is
     * @throws IllegalArgumentException with both digests
     */
    public static void requireSame(Manifest begun, Manifest now, Experiment.Data place) {
        if (begun.dataDigest().equals(now.dataDigest())) {
            return;
        }
        throw new IllegalArgumentException("data " + place.path().orElse(place.name() + ", built in")
                + " is not the data of this run: digest " + now.dataDigest().shortHex() + " (" + words(now)
                + "), the run began with digest " + begun.dataDigest().shortHex() + " (" + words(begun) + ")"
                + ": put back what it began with, name its folder with --data-path, or begin a new run");
    }

    /** How many images there are, and of what kind, for people. */
    public static String words(Manifest m) {
        ImageShape shape = m.image();
        int heldOut = m.validationLabels().size();
        return m.trainImages() + " training" + (heldOut > 0 ? ", " + heldOut + " validation" : "") + " and "
                + m.testLabels().size() + " test images of " + shape.height() + "x" + shape.width() + "x"
                + shape.channels() + ", " + m.classes() + " classes";
    }
}
