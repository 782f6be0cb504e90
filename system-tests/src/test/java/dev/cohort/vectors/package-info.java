/** The published vectors: what PROTOCOL.md says, what the product does and what a reader without the product computes are one. */
@NullMarked
package dev.cohort.vectors;

import org.jspecify.annotations.NullMarked;
