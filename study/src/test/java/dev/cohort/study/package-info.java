@NullMarked
package dev.cohort.study;

import org.jspecify.annotations.NullMarked;
