@NullMarked
package dev.cohort.launch.bench;

import org.jspecify.annotations.NullMarked;
