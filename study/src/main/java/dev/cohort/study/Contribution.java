package dev.cohort.study;

import dev.cohort.coordinator.teacher.Teacher;

/**
 * What a contributor said, and when.
 *
 * @param appendedMs when the broker took it
 */
record Contribution(Teacher.PeerPrediction prediction, long appendedMs) {}
