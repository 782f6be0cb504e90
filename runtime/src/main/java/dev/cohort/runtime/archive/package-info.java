/** A run as one file: its log, its configuration, and the list of its checkpoints. */
@NullMarked
package dev.cohort.runtime.archive;

import org.jspecify.annotations.NullMarked;
