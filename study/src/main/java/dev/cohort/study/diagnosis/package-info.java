/** Diagnoses a run from its log: each rule checks one subject and states its findings with numbers. */
@NullMarked
package dev.cohort.study.diagnosis;

import org.jspecify.annotations.NullMarked;
