/** Immutable numbers that travel: tensors, integer sequences and digests. Nothing here knows of messages or of learning. */
@NullMarked
package dev.cohort.tensor;

import org.jspecify.annotations.NullMarked;
