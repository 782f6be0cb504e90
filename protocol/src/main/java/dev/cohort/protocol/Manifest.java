package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;

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
        long steps)
        implements Message {
    /** Raised whenever an old reader would misread a new writer. */
    public static final int PROTOCOL_VERSION = 1;
}
