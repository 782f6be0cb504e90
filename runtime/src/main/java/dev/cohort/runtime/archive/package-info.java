/** A run as one file: what was said in it, its configuration, and what its checkpoints are. */
@NullMarked
package dev.cohort.runtime.archive;

import org.jspecify.annotations.NullMarked;
