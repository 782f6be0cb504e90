/** Several methods over several seeds on equal terms: what is compared, the runs of it, and what they came to. */
@NullMarked
package dev.cohort.cli.compare;

import org.jspecify.annotations.NullMarked;
