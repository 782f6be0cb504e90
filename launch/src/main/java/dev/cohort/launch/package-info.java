/**
 * Processes of a run on this machine: started, watched and started again, and the run directory they share.
 */
@NullMarked
package dev.cohort.launch;

import org.jspecify.annotations.NullMarked;
