/**
 * What {@code dev.cohort.runtime.kafka} promises on a real broker. The tests are here since the broker is, and in that package since
 * they look at what it hides.
 */
@NullMarked
package dev.cohort.runtime.kafka;

import org.jspecify.annotations.NullMarked;
