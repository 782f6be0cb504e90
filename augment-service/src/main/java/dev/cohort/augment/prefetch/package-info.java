/** Renders ahead on a thread of its own; apart from {@code dev.cohort.augment}, where no thread may be. */
@NullMarked
package dev.cohort.augment.prefetch;

import org.jspecify.annotations.NullMarked;
