/** The rules of the house as tests: which package may see what, and what source may look like. */
@NullMarked
package dev.cohort.architecture;

import org.jspecify.annotations.NullMarked;
