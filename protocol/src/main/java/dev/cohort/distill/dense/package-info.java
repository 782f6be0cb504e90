/**
 * Distillation of dense tasks: semantic segmentation and object detection, with their losses, gradients and scores. Whether a
 * pixel or a location counts follows from the labels alone, so it is the same at every peer. Plain Java in {@code double} with a
 * fixed order of summation.
 */
@NullMarked
package dev.cohort.distill.dense;

import org.jspecify.annotations.NullMarked;
