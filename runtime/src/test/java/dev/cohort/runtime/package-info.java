@NullMarked
package dev.cohort.runtime;

import org.jspecify.annotations.NullMarked;
