/**
 * The {@code cohort} command: one class for each of its commands, which parses options and prints. What a command does is in the
 * other modules.
 */
@NullMarked
package dev.cohort.cli;

import org.jspecify.annotations.NullMarked;
