@NullMarked
package dev.cohort.cli.view;

import org.jspecify.annotations.NullMarked;
