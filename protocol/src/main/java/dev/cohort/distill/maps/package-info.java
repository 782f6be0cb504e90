/**
 * Distillation by feature maps: losses between the map of a student and that of a teacher, the adapters between them, and the
 * gradients of both. A pooled feature [B, C] is a map [B, C, 1, 1]. The map of the teacher is constant. Plain Java in {@code
 * double} with a fixed order of summation, so that equal maps give equal bits on any machine.
 */
@NullMarked
package dev.cohort.distill.maps;

import org.jspecify.annotations.NullMarked;
