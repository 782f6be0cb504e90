@NullMarked
package dev.cohort.study.tables;

import org.jspecify.annotations.NullMarked;
