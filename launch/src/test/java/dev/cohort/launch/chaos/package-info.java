@NullMarked
package dev.cohort.launch.chaos;

import org.jspecify.annotations.NullMarked;
