/** What all sides of a cohort agree on: messages, topics and the distillation mathematics. */
@NullMarked
package dev.cohort.protocol;

import org.jspecify.annotations.NullMarked;
