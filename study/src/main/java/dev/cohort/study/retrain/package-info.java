/** Plans batches and trains peers again from the log, to compare digests. */
@NullMarked
package dev.cohort.study.retrain;

import org.jspecify.annotations.NullMarked;
