/**
 * What all sides agree on: the messages of a run, the {@link dev.cohort.protocol.Node} contract and the ports between roles.
 * Messages are immutable records without behaviour; how they look on the wire is {@code dev.cohort.protocol.wire}.
 */
@NullMarked
package dev.cohort.protocol;

import org.jspecify.annotations.NullMarked;
