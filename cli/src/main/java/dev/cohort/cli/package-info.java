/** The {@code cohort} command: launches and supervises the processes of a cohort. */
@NullMarked
package dev.cohort.cli;

import org.jspecify.annotations.NullMarked;
