/** Tables, lines and pages for people, and the state of a run that they show. */
@NullMarked
package dev.cohort.study.view;

import org.jspecify.annotations.NullMarked;
