/**
 * Compares methods over several seeds on equal terms.
 */
@NullMarked
package dev.cohort.launch.compare;

import org.jspecify.annotations.NullMarked;
