@NullMarked
package dev.cohort.experiment;

import org.jspecify.annotations.NullMarked;
