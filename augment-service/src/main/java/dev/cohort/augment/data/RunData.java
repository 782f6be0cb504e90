package dev.cohort.augment.data;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.tensor.Digest;
import java.nio.file.Path;
import java.util.Optional;

/** Opens the data of an existing run. It may have another path than at the start of the run, but must be equal. */
public final class RunData {
    private RunData() {}

    /** The experiment with its data in {@code elsewhere}, if given. */
    public static Experiment at(Experiment e, Optional<Path> elsewhere) {
        if (elsewhere.isEmpty()) {
            return e;
        }
        Experiment.Data data = e.data();
        return e.withData(
                new Experiment.Data(data.name(), elsewhere.map(Path::toString), data.mode(), data.validation()));
    }

    /**
     * Reads the data of a run.
     *
     * @param elsewhere path of the data on this machine; empty for the experiment's path
     * @throws IllegalArgumentException when the data cannot be read or differs; the message names what to do
     */
    public static ImageData open(Manifest manifest, Experiment experiment, Optional<Path> elsewhere) {
        Experiment.Data place = at(experiment, elsewhere).data();
        ImageData data;
        try {
            data = DataCatalog.open(place);
        } catch (DataException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + ". If the data of this run has moved, name its folder with --data-path", e);
        }
        requireSame(manifest, data.digest(), words(data), place);
        return data;
    }

    /**
     * Refuses data that differs from the data at the start of a run.
     *
     * @param begun manifest of the run
     * @param now manifest of a run with the present data
     * @param place the present data
     * @throws IllegalArgumentException with both digests
     */
    public static void requireSame(Manifest begun, Manifest now, Experiment.Data place) {
        requireSame(begun, now.dataDigest(), words(now), place);
    }

    private static void requireSame(Manifest begun, Digest now, String words, Experiment.Data place) {
        if (begun.dataDigest().equals(now)) {
            return;
        }
        throw new IllegalArgumentException("data " + place.path().orElse(place.name() + ", built in")
                + " is not the data of this run: digest " + now.shortHex() + " (" + words
                + "), the run began with digest " + begun.dataDigest().shortHex() + " (" + words(begun) + ")"
                + ": restore the original data, name its folder with --data-path, or start a new run");
    }

    /** Number and shape of the images, for people. */
    public static String words(Manifest m) {
        return words(
                m.trainImages(), m.validationLabels().size(), m.testLabels().size(), m.image(), m.classes());
    }

    private static String words(ImageData data) {
        return words(
                data.train().count(), data.validation().count(), data.test().count(), data.shape(), data.classes());
    }

    private static String words(int training, int heldOut, int test, ImageShape shape, int classes) {
        return training + " training" + (heldOut > 0 ? ", " + heldOut + " validation" : "") + " and " + test
                + " test images of " + shape.height() + "x" + shape.width() + "x" + shape.channels() + ", " + classes
                + " classes";
    }
}
