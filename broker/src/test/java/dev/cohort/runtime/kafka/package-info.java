/**
 * Tests of {@code dev.cohort.runtime.kafka} with a broker. They are in this module because it has the broker, and in that package
 * because they use its package-private classes.
 */
@NullMarked
package dev.cohort.runtime.kafka;

import org.jspecify.annotations.NullMarked;
