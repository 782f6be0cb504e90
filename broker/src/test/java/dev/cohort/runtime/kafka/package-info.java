@NullMarked
package dev.cohort.runtime.kafka;

import org.jspecify.annotations.NullMarked;
