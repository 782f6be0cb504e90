@NullMarked
package dev.cohort.cli.role;

import org.jspecify.annotations.NullMarked;
