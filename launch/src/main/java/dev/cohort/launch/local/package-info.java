/**
 * A run on this machine from its experiment file to its result: read, checked, trained, forked and resumed.
 */
@NullMarked
package dev.cohort.launch.local;

import org.jspecify.annotations.NullMarked;
