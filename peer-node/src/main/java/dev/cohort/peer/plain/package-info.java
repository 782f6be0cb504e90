/** A student in plain Java: slow, small, and exactly understood. It trains in simulations and checks the real learners. */
@NullMarked
package dev.cohort.peer.plain;

import org.jspecify.annotations.NullMarked;
