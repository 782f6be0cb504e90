@NullMarked
package dev.cohort.study.view;

import org.jspecify.annotations.NullMarked;
