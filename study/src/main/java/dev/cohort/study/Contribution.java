package dev.cohort.study;

import dev.cohort.coordinator.teacher.Teacher;

/**
 * The prediction of a contributor, and when it was published.
 *
 * @param appendedMs when the broker appended it
 */
record Contribution(Teacher.PeerPrediction prediction, long appendedMs) {}
