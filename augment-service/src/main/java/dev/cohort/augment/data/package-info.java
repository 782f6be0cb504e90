/**
 * Image data in memory: readers of the common archive formats, the built-in subset of Fashion-MNIST, and
 * {@link dev.cohort.augment.data.DataCatalog}, which opens any of them by name. Independent of batches.
 */
@NullMarked
package dev.cohort.augment.data;

import org.jspecify.annotations.NullMarked;
