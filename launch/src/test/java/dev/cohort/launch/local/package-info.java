@NullMarked
package dev.cohort.launch.local;

import org.jspecify.annotations.NullMarked;
