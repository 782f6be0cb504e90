@NullMarked
package dev.cohort.peer.process;

import org.jspecify.annotations.NullMarked;
