/** What a person sees of a run: figures gathered from its log, the live table, the summary and the report. No process, no Kafka. */
@NullMarked
package dev.cohort.cli.view;

import org.jspecify.annotations.NullMarked;
