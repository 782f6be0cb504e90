/** Plays the other side for a peer that is judged: a small run on this machine that shows what a normal run does not. */
@NullMarked
package dev.cohort.launch.conform;

import org.jspecify.annotations.NullMarked;
