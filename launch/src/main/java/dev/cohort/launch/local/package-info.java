/**
 * Runs on this machine from experiment file to result: reading, checking, training, forking and resuming.
 */
@NullMarked
package dev.cohort.launch.local;

import org.jspecify.annotations.NullMarked;
