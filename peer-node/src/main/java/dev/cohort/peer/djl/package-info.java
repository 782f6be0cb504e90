/**
 * Student networks on PyTorch through DJL: the catalogue, the networks, and the learner that runs them. Of this package only
 * {@link dev.cohort.peer.djl.ModelCatalog}, {@link dev.cohort.peer.djl.Architecture} and {@link
 * dev.cohort.peer.djl.DeviceChoice} may be used where PyTorch must not be loaded: they are plain data.
 */
@NullMarked
package dev.cohort.peer.djl;

import org.jspecify.annotations.NullMarked;
