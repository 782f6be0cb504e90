@NullMarked
package dev.cohort.cli.launch;

import org.jspecify.annotations.NullMarked;
