/**
 * What people see: tables, lines and pages, and the state of a run that they show.
 */
@NullMarked
package dev.cohort.study.view;

import org.jspecify.annotations.NullMarked;
