/**
 * Many runs that differ in one thing, and what the difference is worth.
 */
@NullMarked
package dev.cohort.launch.compare;

import org.jspecify.annotations.NullMarked;
