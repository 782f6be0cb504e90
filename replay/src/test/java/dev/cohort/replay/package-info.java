@NullMarked
package dev.cohort.replay;

import org.jspecify.annotations.NullMarked;
