package dev.cohort.runtime.session;

import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The command line options of a process of a run; everything else is in the log.
 *
 * @param run id of the run
 * @param name name of this process
 * @param incarnation which start of the process this is, from 1
 * @param http address to serve HTTP on
 * @param directory folder for its files, if it has one
 */
public record RoleOptions(
        KafkaAddress address, String run, String name, long incarnation, HostPort http, Optional<Path> directory) {}
