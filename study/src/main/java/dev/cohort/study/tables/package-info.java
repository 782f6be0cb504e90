/**
 * A run as tables, for people who study it with the tools they know: what {@link dev.cohort.study} reads from the log, one row
 * after the other, in a database that is asked by SQL and written to files.
 */
@NullMarked
package dev.cohort.study.tables;

import org.jspecify.annotations.NullMarked;
