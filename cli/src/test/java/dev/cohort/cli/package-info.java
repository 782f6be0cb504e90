@NullMarked
package dev.cohort.cli;

import org.jspecify.annotations.NullMarked;
