package dev.cohort.study.tables;

import dev.cohort.study.Dynamics;
import dev.cohort.study.DynamicsHistory;
import java.util.OptionalDouble;

/** Fills the tables about the ensemble on the test images. */
final class DynamicsTables {
    private final Rows dynamics;
    private final Rows worth;
    private final Rows pairs;

    DynamicsTables(Rows dynamics, Rows worth, Rows pairs) {
        this.dynamics = dynamics;
        this.worth = worth;
        this.pairs = pairs;
    }

    void add(DynamicsHistory.Point point) {
        Dynamics d = point.dynamics();
        dynamics.number(point.step())
                .number(point.epoch())
                .number(d.peers().size())
                .real(d.meanAccuracy());
        figures(dynamics, d.byProbability());
        figures(dynamics, d.byLogits());
        dynamics.real(d.gain())
                .real(d.oracle())
                .real(d.variance())
                .real(d.meanDisagreement())
                .end();
        for (int i = 0; i < d.peers().size(); i++) {
            worth.number(point.step()).number(point.epoch()).text(d.peers().get(i));
            figures(worth, d.each().get(i));
            worth.real(
                            d.leaveOneOut().isEmpty()
                                    ? OptionalDouble.empty()
                                    : OptionalDouble.of(d.leaveOneOut().get(i)))
                    .end();
            for (int j = 0; j < d.peers().size(); j++) {
                if (i != j) {
                    pairs.number(point.step())
                            .number(point.epoch())
                            .text(d.peers().get(i))
                            .text(d.peers().get(j))
                            .real(d.disagreement().get(i).get(j))
                            .real(d.divergence().get(i).get(j))
                            .real(d.doubleFault().get(i).get(j))
                            .end();
                }
            }
        }
    }

    private static void figures(Rows rows, Dynamics.Figures figures) {
        rows.real(figures.accuracy())
                .real(figures.negativeLogLikelihood())
                .real(figures.brier())
                .real(figures.calibrationError());
    }
}
