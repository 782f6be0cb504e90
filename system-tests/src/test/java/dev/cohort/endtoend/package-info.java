/**
 * The {@code cohort} command as a user meets it: real processes, a real broker, PyTorch and images, with processes killed in the
 * middle. Data and networks are as small as they can be, since these tests are about processes and not about learning.
 */
@NullMarked
package dev.cohort.endtoend;

import org.jspecify.annotations.NullMarked;
