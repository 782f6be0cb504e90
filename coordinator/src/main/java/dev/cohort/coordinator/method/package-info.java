/**
 * The methods of distillation: one file a {@link dev.cohort.coordinator.Teacher}, all of them listed in
 * {@link dev.cohort.coordinator.method.MethodCatalog}. The peers' side is {@code dev.cohort.distill.Objective}, which knows terms
 * and no methods.
 */
@NullMarked
package dev.cohort.coordinator.method;

import org.jspecify.annotations.NullMarked;
