package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates and looks up the topics of a run. */
final class Topics {
    /** A cluster may need some time until a broker serves a new topic. */
    private static final Duration SERVED_WITHIN = Duration.ofMinutes(2);

    private static final long LOOK_MS = 20;
    private static final Logger LOG = LoggerFactory.getLogger(Topics.class);

    private final Admin admin;
    private final KafkaAddress address;
    private final String runId;

    Topics(Admin admin, KafkaAddress address, String runId) {
        this.admin = admin;
        this.address = address;
        this.runId = runId;
    }

    /**
     * Creates the missing topics, {@link Topic#RUN} last, so that a run exists only when all of its topics do. If all exist, no
     * right to create topics is needed.
     *
     * @throws RunLogException also when an existing topic has other settings; names every difference
     */
    void create(TopicPlan plan) {
        List<Topic> all = new ArrayList<>(Arrays.asList(Topic.values()));
        all.removeIf(topic -> plan.partitions(topic) == 0);
        List<Topic> others = new ArrayList<>(all);
        others.remove(Topic.RUN);
        create(others, plan);
        create(List.of(Topic.RUN), plan);
        List<String> differences = new ArrayList<>();
        for (Topic topic : all) {
            differences.addAll(plan.differences(topic, shape(topic)));
        }
        if (!differences.isEmpty()) {
            throw new RunLogException(
                    "run " + runId + ": its topics exist, but not as the run needs them: "
                            + String.join(
                                    "; ",
                                    differences.stream()
                                            .map(d -> "cohort." + runId + "." + d)
                                            .toList())
                            + ". Alter them, keep elastic.max and kafka.replication of the run, or use another run name"
                            + " (deploy/topics.md)",
                    null);
        }
    }

    /** Partitions, replicas and settings of an existing topic. */
    private TopicPlan.Found shape(Topic topic) {
        TopicDescription description = describe(topic);
        int replicas = description.partitions().stream()
                .mapToInt(p -> p.replicas().size())
                .min()
                .orElse(0);
        return new TopicPlan.Found(description.partitions().size(), replicas, settings(topic));
    }

    /** The settings of a topic; empty without the right to read them. */
    private Map<String, String> settings(Topic topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, TopicPlan.topicName(runId, topic));
        try {
            TreeMap<String, String> settings = new TreeMap<>();
            for (Config config :
                    admin.describeConfigs(List.of(resource)).all().get().values()) {
                config.entries().forEach(entry -> settings.put(entry.name(), String.valueOf(entry.value())));
            }
            return settings;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                LOG.info("settings of a topic not checked: no right to read them topic={}", resource.name());
                return Map.of();
            }
            throw failed("look up the settings of topic " + resource.name(), e);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    boolean exists() {
        return describe(Topic.RUN).partitions().size() > 0;
    }

    /** Whether anything has been written to {@code topic}, which must exist and have one partition. */
    boolean written(Topic topic) {
        TopicPartition partition = new TopicPartition(TopicPlan.topicName(runId, topic), 0);
        try {
            return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                            .partitionResult(partition)
                            .get()
                            .offset()
                    > 0;
        } catch (ExecutionException e) {
            throw failed("read the end of topic " + partition.topic(), e);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private void create(List<Topic> topics, TopicPlan plan) {
        List<Topic> missing =
                topics.stream().filter(t -> describe(t).partitions().isEmpty()).toList();
        List<NewTopic> wanted = missing.stream()
                .map(t -> new NewTopic(TopicPlan.topicName(runId, t), plan.partitions(t), (short) plan.replication())
                        .configs(plan.settings(t)))
                .toList();
        Map<String, KafkaFuture<Void>> results = admin.createTopics(wanted).values();
        for (Topic topic : missing) {
            KafkaFuture<Void> result = results.get(TopicPlan.topicName(runId, topic));
            try {
                if (result != null) {
                    result.get();
                }
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw failed("create topic " + TopicPlan.topicName(runId, topic), e);
                }
            } catch (InterruptedException e) {
                throw interrupted();
            }
        }
        topics.forEach(this::awaitServed);
    }

    /** Waits until all partitions of a new topic have a leader. */
    private void awaitServed(Topic topic) {
        long endNanos = System.nanoTime() + SERVED_WITHIN.toNanos();
        while (!isServed(describe(topic))) {
            if (System.nanoTime() - endNanos > 0) {
                throw new RunLogException(
                        "topic " + TopicPlan.topicName(runId, topic) + " of broker " + address
                                + ": no broker serves it after " + SERVED_WITHIN.toSeconds()
                                + " s: check that all brokers of the cluster run",
                        null);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
        }
    }

    private static boolean isServed(TopicDescription description) {
        return !description.partitions().isEmpty()
                && description.partitions().stream().allMatch(p -> p.leader() != null);
    }

    /** The description of a topic; without partitions if it does not exist. */
    private TopicDescription describe(Topic topic) {
        String name = TopicPlan.topicName(runId, topic);
        try {
            return admin.describeTopics(List.of(name)).allTopicNames().get().getOrDefault(name, none(name));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return none(name);
            }
            throw failed("look up topic " + name, e);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static TopicDescription none(String name) {
        return new TopicDescription(name, false, Collections.emptyList());
    }

    private RunLogException failed(String what, ExecutionException e) {
        String why = e.getCause() instanceof TimeoutException
                ? AdvertisedBrokers.obstacle(address).orElse("no answer: check the address, and that the broker runs")
                : Optional.ofNullable(e.getCause()).orElse(e).getMessage();
        return new RunLogException("broker " + address + ": cannot " + what + " (" + why + ")", e);
    }

    private static RunLogException interrupted() {
        Thread.currentThread().interrupt();
        return new RunLogException("interrupted while looking up topics", null);
    }
}
