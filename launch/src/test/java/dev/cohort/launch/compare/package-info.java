@NullMarked
package dev.cohort.launch.compare;

import org.jspecify.annotations.NullMarked;
