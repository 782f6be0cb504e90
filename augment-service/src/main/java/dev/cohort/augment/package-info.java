/** Plans and renders the augmented batches that every peer of a cohort trains on. */
@NullMarked
package dev.cohort.augment;

import org.jspecify.annotations.NullMarked;
