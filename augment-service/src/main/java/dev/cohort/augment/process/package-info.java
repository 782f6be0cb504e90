/** The augmenter as a process: Kafka, HTTP and data set files around {@link dev.cohort.augment.Augmenter}. */
@NullMarked
package dev.cohort.augment.process;

import org.jspecify.annotations.NullMarked;
