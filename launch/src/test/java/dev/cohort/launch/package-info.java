@NullMarked
package dev.cohort.launch;

import org.jspecify.annotations.NullMarked;
