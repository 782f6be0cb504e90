/**
 * The mathematics shared by peers and coordinator: softmax, schedules and the objective a peer trains on. Plain Java in {@code
 * double} with {@link java.lang.StrictMath} and a fixed order of summation, so that equal messages give equal bits on any
 * machine.
 */
@NullMarked
package dev.cohort.distill;

import org.jspecify.annotations.NullMarked;
