package dev.cohort.distill.maps;

/**
 * A loss between the map of a student and that of a teacher.
 *
 * @param loss its value, a mean over the batch
 * @param gradient of the loss with respect to the student's map, in its shape
 */
public record MapLoss(double loss, FeatureMap gradient) {}
