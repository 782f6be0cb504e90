/** One process in a run: its options, its connection to the log, and what it derives from the manifest. */
@NullMarked
package dev.cohort.runtime.session;

import org.jspecify.annotations.NullMarked;
