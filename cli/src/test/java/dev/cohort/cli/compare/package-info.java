@NullMarked
package dev.cohort.cli.compare;

import org.jspecify.annotations.NullMarked;
