/** Opens a recorded run and reports on it: its ensemble, the targets of other teachers, and the worth of each peer. */
@NullMarked
package dev.cohort.study.report;

import org.jspecify.annotations.NullMarked;
