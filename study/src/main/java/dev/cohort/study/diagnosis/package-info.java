/** What is wrong with a run, by its log: each rule looks at one thing, and says what it saw in numbers. */
@NullMarked
package dev.cohort.study.diagnosis;

import org.jspecify.annotations.NullMarked;
