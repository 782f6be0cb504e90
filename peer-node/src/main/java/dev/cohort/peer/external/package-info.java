/** Students whose network lives in another process, in any framework: the peer's side of {@code learner.proto}. */
@NullMarked
package dev.cohort.peer.external;

import org.jspecify.annotations.NullMarked;
