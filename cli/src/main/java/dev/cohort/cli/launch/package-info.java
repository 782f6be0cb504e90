/** Starts and keeps up the processes of a run on this machine: run directory, supervision, memory and threads of each process. */
@NullMarked
package dev.cohort.cli.launch;

import org.jspecify.annotations.NullMarked;
