@NullMarked
package dev.cohort.study.retrain;

import org.jspecify.annotations.NullMarked;
