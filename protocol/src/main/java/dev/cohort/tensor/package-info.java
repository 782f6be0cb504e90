/** Immutable numbers for messages: tensors, integer sequences and digests. Independent of messages and of learning. */
@NullMarked
package dev.cohort.tensor;

import org.jspecify.annotations.NullMarked;
