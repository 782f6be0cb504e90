/**
 * The methods of distillation: one class for each {@link dev.cohort.coordinator.teacher.Teacher}, all of them listed in
 * {@link dev.cohort.coordinator.method.MethodCatalog}. The peers' side is {@code dev.cohort.distill.Objective}, which knows terms
 * and no methods.
 */
@NullMarked
package dev.cohort.coordinator.method;

import org.jspecify.annotations.NullMarked;
