/**
 * A recorded run opened and studied: its ensemble, what other teachers would have said, and what each peer was worth.
 */
@NullMarked
package dev.cohort.study.report;

import org.jspecify.annotations.NullMarked;
