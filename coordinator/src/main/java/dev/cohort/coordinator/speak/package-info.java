/**
 * What a coordinator publishes: proposals for complete steps, rejections, and the end of a run.
 */
@NullMarked
package dev.cohort.coordinator.speak;

import org.jspecify.annotations.NullMarked;
