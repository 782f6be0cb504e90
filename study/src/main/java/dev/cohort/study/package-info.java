/** Studies a run from its log: no student is trained, and nothing is written to the log. */
@NullMarked
package dev.cohort.study;

import org.jspecify.annotations.NullMarked;
