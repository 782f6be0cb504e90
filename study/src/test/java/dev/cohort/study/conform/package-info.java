@NullMarked
package dev.cohort.study.conform;

import org.jspecify.annotations.NullMarked;
