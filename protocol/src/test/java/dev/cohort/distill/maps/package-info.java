@NullMarked
package dev.cohort.distill.maps;

import org.jspecify.annotations.NullMarked;
