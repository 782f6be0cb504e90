/** The shell all processes of a cohort share: node runner, Kafka, HTTP, metrics and configuration. */
@NullMarked
package dev.cohort.runtime;

import org.jspecify.annotations.NullMarked;
