package dev.cohort.cli.launch;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;

/**
 * A run that is checked and ready to be started.
 *
 * @param manifest first record of its log
 * @param dataBytes uint8 pixels of all its images, by which processes get their memory
 */
public record LaunchPlan(Experiment experiment, Manifest manifest, long dataBytes) {}
