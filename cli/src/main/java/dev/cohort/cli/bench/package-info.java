/** Measurements of the product on made-up runs: figures in ratios, taken in one call. */
@NullMarked
package dev.cohort.cli.bench;

import org.jspecify.annotations.NullMarked;
