package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.Optional;

/**
 * The description of a run: the first record of its log, written by the launcher, read by all.
 *
 * @param protocolVersion {@link #PROTOCOL_VERSION} of the writer
 * @param experiment the effective experiment, as the YAML that {@code dev.cohort.runtime} reads and writes
 * @param classes number of classes
 * @param image size of one image
 * @param normalisation of the students' input
 * @param dataDigest digest of the training and test data; a peer with other data is refused
 * @param trainImages number of training images
 * @param testLabels class of each test image
 * @param validationLabels class of each image held out from the training images; empty when there are none
 * @param featureWidths width D of the pooled features of each slot, {@code elastic.max} of them
 * @param maps shapes of the feature maps that the method reads
 * @param steps number of batches planned
 * @param parent the run that this run was forked from, if any
 * @param settings what a peer of another program needs of the experiment; empty in older logs
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
        MapShapes maps,
        long steps,
        Optional<Parent> parent,
        Optional<Settings> settings)
        implements Message {
    /** Raised with every change that another version would misread; each version reads only its own records. */
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
                "generation of this fork");
    }

    /** Without feature maps and settings. */
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
            long steps,
            Optional<Parent> parent) {
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
                MapShapes.NONE,
                steps,
                parent,
                Optional.empty());
    }

    /** For a run that is not a fork, without feature maps and settings. */
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
     * The run that a fork shares its first steps with.
     *
     * @param run id of the parent
     * @param step last shared step, at least 1
     * @param fingerprint {@link Fingerprint#run} up to this step
     * @param manifest manifest of the parent, under which these steps were decided
     */
    public record Parent(String run, long step, Digest fingerprint, Manifest manifest) {
        public Parent {
            Sayable.name(run, "run of the parent");
            Sayable.atLeast(1, step, "step of the fork");
        }
    }

    /** 0 for a run that is not a fork, else the parent's generation plus 1; at most {@link Limits#generationsMax}. */
    public int generation() {
        return parent.map(p -> 1 + p.manifest().generation()).orElse(0);
    }

    /** This manifest with another parent; without a parent if {@code from} is empty. */
    public Manifest forkedFrom(Optional<Parent> from) {
        return with(experiment, from, settings);
    }

    /** This manifest of an experiment on the same data, with its settings. */
    public Manifest of(String otherExperiment, Settings of) {
        return with(otherExperiment, parent, Optional.of(of));
    }

    /** This manifest with other shapes of feature maps. */
    public Manifest withMaps(MapShapes shapes) {
        return with(experiment, parent, settings, shapes);
    }

    private Manifest with(String otherExperiment, Optional<Parent> from, Optional<Settings> ofPeers) {
        return with(otherExperiment, from, ofPeers, maps);
    }

    private Manifest with(String otherExperiment, Optional<Parent> from, Optional<Settings> ofPeers, MapShapes shapes) {
        return new Manifest(
                protocolVersion,
                otherExperiment,
                classes,
                image,
                normalisation,
                dataDigest,
                trainImages,
                testLabels,
                validationLabels,
                featureWidths,
                shapes,
                steps,
                from,
                ofPeers);
    }

    /** Last step shared with the parent; 0 for a run that is not a fork. */
    public long forkedAtStep() {
        return parent.map(Parent::step).orElse(0L);
    }
}
