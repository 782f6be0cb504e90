@NullMarked
package dev.cohort.cli.chaos;

import org.jspecify.annotations.NullMarked;
