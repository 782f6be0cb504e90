/** Judges from the log of a run whether a peer, written by anybody, keeps the protocol (PROTOCOL.md). */
@NullMarked
package dev.cohort.study.conform;

import org.jspecify.annotations.NullMarked;
