/**
 * What a run needs of the wire and of its host, computed from its experiment and its data before any process starts: each limit
 * that would end it later is asked here, with the figure and the setting that mends it.
 */
@NullMarked
package dev.cohort.cli.limits;

import org.jspecify.annotations.NullMarked;
