package dev.cohort.simulation;

/** One update of the weights of one life of a peer. */
record PeerUpdate(PeerProcess peer, RecordingLearner.Update update) {}
