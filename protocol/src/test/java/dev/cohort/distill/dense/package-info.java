@NullMarked
package dev.cohort.distill.dense;

import org.jspecify.annotations.NullMarked;
