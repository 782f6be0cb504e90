@NullMarked
package dev.cohort.launch.limits;

import org.jspecify.annotations.NullMarked;
