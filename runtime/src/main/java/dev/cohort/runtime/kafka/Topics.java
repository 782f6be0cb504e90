package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Makes and looks up the topics of a run. */
final class Topics {
    private static final int LOOKS_MAX = 500;

    private final Admin admin;
    private final KafkaAddress address;
    private final String runId;

    Topics(Admin admin, KafkaAddress address, String runId) {
        this.admin = admin;
        this.address = address;
        this.runId = runId;
    }

    /** Makes those that are missing; {@link Topic#RUN} last, so that a run exists when all of its topics do. */
    void create(TopicPlan plan) {
        List<Topic> others = new ArrayList<>(Arrays.asList(Topic.values()));
        others.remove(Topic.RUN);
        create(others, plan);
        create(List.of(Topic.RUN), plan);
    }

    boolean exists() {
        return describe(Topic.RUN).partitions().size() > 0;
    }

    /** Whether anything was ever written to {@code topic}, which must be there and of one partition. */
    boolean written(Topic topic) {
        TopicPartition partition = new TopicPartition(TopicPlan.topicName(runId, topic), 0);
        try {
            return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                            .partitionResult(partition)
                            .get()
                            .offset()
                    > 0;
        } catch (ExecutionException e) {
            throw failed("look at the end of topic " + partition.topic(), e);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private void create(List<Topic> topics, TopicPlan plan) {
        List<NewTopic> wanted = topics.stream()
                .map(t -> new NewTopic(TopicPlan.topicName(runId, t), plan.partitions(t), (short) plan.replication())
                        .configs(plan.settings(t)))
                .toList();
        Map<String, KafkaFuture<Void>> results = admin.createTopics(wanted).values();
        for (Topic topic : topics) {
            KafkaFuture<Void> result = results.get(TopicPlan.topicName(runId, topic));
            try {
                if (result != null) {
                    result.get();
                }
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw failed("make topic " + TopicPlan.topicName(runId, topic), e);
                }
            } catch (InterruptedException e) {
                throw interrupted();
            }
        }
        topics.forEach(t -> requireShape(t, plan));
    }

    /** A new topic is not known everywhere at once; one that was there may have been made by another plan. */
    private void requireShape(Topic topic, TopicPlan plan) {
        TopicDescription description = describe(topic);
        for (int i = 0; i < LOOKS_MAX && !isServed(description); i++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            description = describe(topic);
        }
        int found = description.partitions().size();
        if (found != plan.partitions(topic)) {
            throw new RunLogException(
                    "topic " + TopicPlan.topicName(runId, topic) + " has " + found
                            + " partitions, the experiment needs " + plan.partitions(topic)
                            + ": keep elastic.max of the run, or use another run name",
                    null);
        }
    }

    private static boolean isServed(TopicDescription description) {
        return !description.partitions().isEmpty()
                && description.partitions().stream().allMatch(p -> p.leader() != null);
    }

    /** Without partitions when there is no such topic. */
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
                ? "no answer: check the address and that it runs"
                : Optional.ofNullable(e.getCause()).orElse(e).getMessage();
        return new RunLogException("broker " + address + ": cannot " + what + " (" + why + ")", e);
    }

    private static RunLogException interrupted() {
        Thread.currentThread().interrupt();
        return new RunLogException("interrupted while looking up topics", null);
    }
}
