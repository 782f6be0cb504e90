/**
 * What a coordinator adds to the log: when a step is complete, what is proposed for it, when a run is over.
 */
@NullMarked
package dev.cohort.coordinator.speak;

import org.jspecify.annotations.NullMarked;
