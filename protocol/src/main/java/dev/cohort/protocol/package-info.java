/**
 * What all roles share: the messages of a run, the {@link dev.cohort.protocol.Node} contract and the ports between roles.
 * Messages are immutable records without behaviour; {@code dev.cohort.protocol.wire} encodes them.
 */
@NullMarked
package dev.cohort.protocol;

import org.jspecify.annotations.NullMarked;
