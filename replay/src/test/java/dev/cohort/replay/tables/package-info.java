@NullMarked
package dev.cohort.replay.tables;

import org.jspecify.annotations.NullMarked;
