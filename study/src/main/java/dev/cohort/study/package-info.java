/** Studies a run from what was said in it: nothing is trained, and nothing is written to the log. */
@NullMarked
package dev.cohort.study;

import org.jspecify.annotations.NullMarked;
