@NullMarked
package dev.cohort.peer.external;

import org.jspecify.annotations.NullMarked;
