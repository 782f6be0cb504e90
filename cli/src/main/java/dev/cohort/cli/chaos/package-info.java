/** Disturbs a run on purpose and reports whether it kept its promises. */
@NullMarked
package dev.cohort.cli.chaos;

import org.jspecify.annotations.NullMarked;
