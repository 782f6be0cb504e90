/** A TCP proxy between the processes of a run and its broker, to break the network on purpose. */
@NullMarked
package dev.cohort.runtime.proxy;

import org.jspecify.annotations.NullMarked;
