/** Decides who belongs to a cohort, when a step is complete and what the targets are. */
@NullMarked
package dev.cohort.coordinator;

import org.jspecify.annotations.NullMarked;
