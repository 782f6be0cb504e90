package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.Optional;

/**
 * What a run is: the first record of its log, written by the launcher, read by everybody.
 *
 * @param protocolVersion {@link #PROTOCOL_VERSION} of the writer
 * @param experiment the effective experiment, as the YAML that {@code dev.cohort.runtime} reads and writes
 * @param classes number of classes
 * @param image size of one image
 * @param normalisation of the students' input
 * @param dataDigest of the training and test data, so that a peer with other data is refused
 * @param trainImages number of training images
 * @param testLabels class of each test image
 * @param validationLabels class of each image held out from the training images; empty when there are none
 * @param featureWidths width D of the pooled features of each slot, {@code elastic.max} of them
 * @param steps number of batches planned
 * @param parent the run that this one was forked from, if it was
 */
public record Manifest(
        int protocolVersion,
        String experiment,
        int classes,
        ImageShape image,
        Normalisation normalisation,
        Digest dataDigest,
        int trainImages,
        Ints testLabels,
        Ints validationLabels,
        Ints featureWidths,
        long steps,
        Optional<Parent> parent)
        implements Message {
    /** Raised whenever a reader would misread a writer of another version; each version reads its own alone. */
    public static final int PROTOCOL_VERSION = 2;

    public Manifest {
        Limits limits = Limits.DEFAULT;
        Sayable.atLeast(1, protocolVersion, "protocol version");
        Sayable.text(experiment, limits.textCharsMax(), "experiment");
        Sayable.between(1, limits.classesMax(), classes, "classes");
        Sayable.atLeast(0, trainImages, "training images");
        Sayable.indices(testLabels, classes, "test label");
        Sayable.indices(validationLabels, classes, "validation label");
        Sayable.atMost(limits.slotsMax(), featureWidths.size(), "number of feature widths");
        Sayable.indices(featureWidths, 1L << 31, "feature width");
        Sayable.atLeast(0, steps, "steps");
        Sayable.atMost(
                limits.generationsMax(),
                parent.map(p -> 1 + p.manifest().generation()).orElse(0),
                "forks of forks, of this run");
    }

    /** Of a run that begins with its first step. */
    public Manifest(
            int protocolVersion,
            String experiment,
            int classes,
            ImageShape image,
            Normalisation normalisation,
            Digest dataDigest,
            int trainImages,
            Ints testLabels,
            Ints validationLabels,
            Ints featureWidths,
            long steps) {
        this(
                protocolVersion,
                experiment,
                classes,
                image,
                normalisation,
                dataDigest,
                trainImages,
                testLabels,
                validationLabels,
                featureWidths,
                steps,
                Optional.empty());
    }

    /**
     * Another run, whose first steps this one holds.
     *
     * @param run its id
     * @param step last step that was taken over, at least 1
     * @param fingerprint of the run up to there
     * @param manifest under which these steps were decided
     */
    public record Parent(String run, long step, Digest fingerprint, Manifest manifest) {
        public Parent {
            Sayable.name(run, "run of the parent");
            Sayable.atLeast(1, step, "step of the fork");
        }
    }

    /** 0, or one more than that of the run it was forked from; at most {@link Limits#generationsMax}. */
    public int generation() {
        return parent.map(p -> 1 + p.manifest().generation()).orElse(0);
    }

    /** The same run as the fork of another one; as none when {@code from} is empty. */
    public Manifest forkedFrom(Optional<Parent> from) {
        return new Manifest(
                protocolVersion,
                experiment,
                classes,
                image,
                normalisation,
                dataDigest,
                trainImages,
                testLabels,
                validationLabels,
                featureWidths,
                steps,
                from);
    }

    /** Last step that was taken over from another run; 0 when none was. */
    public long forkedAtStep() {
        return parent.map(Parent::step).orElse(0L);
    }
}
