/** The shell shared by all processes of a cohort: node runner, Kafka, HTTP, metrics and configuration. */
@NullMarked
package dev.cohort.runtime;

import org.jspecify.annotations.NullMarked;
