@NullMarked
package dev.cohort.study.report;

import org.jspecify.annotations.NullMarked;
