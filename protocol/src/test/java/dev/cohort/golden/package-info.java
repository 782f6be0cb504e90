/** Golden values: losses and gradients that were computed elsewhere, and who compares with them. */
@NullMarked
package dev.cohort.golden;

import org.jspecify.annotations.NullMarked;
