package dev.cohort.runtime.session;

import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a process of a run is told on its command line; all else is in the log.
 *
 * @param run id
 * @param name of this process
 * @param incarnation which start of it this is, from 1
 * @param http address to serve HTTP on
 * @param directory where it may keep files, if it has one
 */
public record RoleOptions(
        KafkaAddress address, String run, String name, long incarnation, HostPort http, Optional<Path> directory) {}
