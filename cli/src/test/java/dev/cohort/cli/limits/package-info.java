@NullMarked
package dev.cohort.cli.limits;

import org.jspecify.annotations.NullMarked;
