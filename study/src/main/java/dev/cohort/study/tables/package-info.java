/**
 * A run as tables, for study with common tools: rows that {@link dev.cohort.study} reads from the log, in a database that is
 * queried with SQL and exported to files.
 */
@NullMarked
package dev.cohort.study.tables;

import org.jspecify.annotations.NullMarked;
