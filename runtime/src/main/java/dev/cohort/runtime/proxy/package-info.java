/** Puts a TCP proxy between the processes of a run and its broker, so that a network can be broken on purpose. */
@NullMarked
package dev.cohort.runtime.proxy;

import org.jspecify.annotations.NullMarked;
