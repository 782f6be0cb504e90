@NullMarked
package dev.cohort.coordinator.method;

import org.jspecify.annotations.NullMarked;
