/**
 * How messages look on the wire: one Protobuf envelope per record, described in {@code cohort.proto}. Whatever the bytes are,
 * reading them ends in a {@link dev.cohort.protocol.wire.Decoding}, never in an exception.
 */
@NullMarked
package dev.cohort.protocol.wire;

import org.jspecify.annotations.NullMarked;
