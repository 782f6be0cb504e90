/** The processes of a run: each role wired by hand from its node, its data and the shell all processes share. */
@NullMarked
package dev.cohort.cli.role;

import org.jspecify.annotations.NullMarked;
