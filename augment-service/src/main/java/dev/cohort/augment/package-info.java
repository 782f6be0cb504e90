/** Plans and renders the augmented batches every peer of a cohort learns from. */
@NullMarked
package dev.cohort.augment;

import org.jspecify.annotations.NullMarked;
