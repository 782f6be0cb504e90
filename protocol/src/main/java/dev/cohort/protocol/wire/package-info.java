/**
 * The wire format of messages: one Protobuf envelope per record, described in {@code cohort.proto}. Decoding any bytes gives a
 * {@link dev.cohort.protocol.wire.Decoding}, never an exception.
 */
@NullMarked
package dev.cohort.protocol.wire;

import org.jspecify.annotations.NullMarked;
