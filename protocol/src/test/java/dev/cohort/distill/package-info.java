@NullMarked
package dev.cohort.distill;

import org.jspecify.annotations.NullMarked;
