package dev.cohort.study.tables;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.DynamicsHistory;
import dev.cohort.study.EnsembleMembers;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.duckdb.DuckDBConnection;

/** Fills the wanted tables from a log. */
record Filling(
        DuckDBConnection connection,
        RecordedLog log,
        Manifest manifest,
        Experiment experiment,
        Predicate<Table> wanted) {
    void all(LongConsumer progress) {
        about();
        int classes = manifest.classes();
        RecordTables records = new RecordTables(log, classes);
        if (any(Schema.STEPS, Schema.CONTRIBUTORS, Schema.TERMS)) {
            try (Rows steps = rows(Schema.STEPS);
                    Rows contributors = rows(Schema.CONTRIBUTORS);
                    Rows terms = rows(Schema.TERMS)) {
                new StepTables(classes, steps, contributors, terms).fill(log, progress);
            }
        }
        if (any(Schema.PREDICTIONS)) {
            try (Rows rows = rows(Schema.PREDICTIONS)) {
                records.predictions(rows, progress);
            }
        }
        if (any(Schema.OUTCOMES)) {
            try (Rows rows = rows(Schema.OUTCOMES)) {
                records.outcomes(rows);
            }
        }
        if (any(Schema.EVALUATIONS)) {
            try (Rows rows = rows(Schema.EVALUATIONS)) {
                records.evaluations(rows, manifest.testLabels());
            }
        }
        if (any(Schema.MEMBERS)) {
            try (Rows rows = rows(Schema.MEMBERS)) {
                new MemberTable(rows).fill(log);
            }
        }
        if (any(Schema.DAMAGE)) {
            try (Rows rows = rows(Schema.DAMAGE)) {
                records.damage(rows);
            }
        }
        dynamics();
    }

    private boolean any(Table... tables) {
        return Stream.of(tables).anyMatch(wanted);
    }

    private Rows rows(Table table) {
        return new Rows(connection, table);
    }

    private void about() {
        try (Rows run = rows(Schema.RUN);
                Rows peers = rows(Schema.PEERS)) {
            run.text(log.runId())
                    .text(experiment.method().name())
                    .number(manifest.classes())
                    .number(manifest.steps())
                    .number(manifest.trainImages())
                    .number(manifest.testLabels().size())
                    .text(manifest.dataDigest().hex())
                    .text(manifest.experiment())
                    .end();
            for (Experiment.Peer peer : experiment.peers()) {
                peers.text(peer.id().value())
                        .text(peer.model())
                        .text(peer.device())
                        .number(peer.seed())
                        .flag(peer.control())
                        .end();
            }
        }
    }

    private void dynamics() {
        if (!any(Schema.DYNAMICS, Schema.WORTH, Schema.PAIRS)) {
            return;
        }
        EnsembleMembers members = EnsembleMembers.of(log, experiment);
        try (Rows dynamics = rows(Schema.DYNAMICS);
                Rows worth = rows(Schema.WORTH);
                Rows pairs = rows(Schema.PAIRS)) {
            DynamicsTables tables = new DynamicsTables(dynamics, worth, pairs);
            DynamicsHistory.of(log, members, manifest.testLabels(), manifest.classes(), tables::add);
        }
    }
}
