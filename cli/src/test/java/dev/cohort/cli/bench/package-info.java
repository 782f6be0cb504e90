@NullMarked
package dev.cohort.cli.bench;

import org.jspecify.annotations.NullMarked;
