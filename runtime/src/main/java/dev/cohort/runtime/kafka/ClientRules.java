package dev.cohort.runtime.kafka;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/**
 * Rules for the Kafka client settings of users. Security, time limits, buffers and compression are free; settings on which
 * Cohort's guarantees depend are not.
 */
public final class ClientRules {
    private static final String ONCE = "records are written once and in order";
    private static final String WHOLE = "the log is read whole, from positions that Cohort keeps";
    private static final String BYTES = "Cohort reads and writes bytes";
    private static final String NEVER = Integer.toString(Integer.MAX_VALUE);

    private static final Map<String, Rule> RULES = rules();

    private ClientRules() {}

    /** What a setting must be, and why; a rule without values forbids the setting. */
    private record Rule(Optional<Range> range, Optional<String> only, String why) {
        static Rule absent(String why) {
            return new Rule(Optional.empty(), Optional.empty(), why);
        }

        static Rule only(String value, String why) {
            return new Rule(Optional.empty(), Optional.of(value), why);
        }

        static Rule range(long least, long most, String why) {
            return new Rule(Optional.of(new Range(least, most)), Optional.empty(), why);
        }

        Optional<String> objection(String value) {
            if (range.isEmpty() && only.isEmpty()) {
                return Optional.of("must be left out: " + why);
            } else if (range.isPresent()) {
                return range.get().has(value)
                        ? Optional.empty()
                        : Optional.of(value + ": must be " + range.get() + ": " + why);
            }
            return only.filter(must -> !must.equals(value)).map(must -> value + ": must be " + must + ": " + why);
        }
    }

    private record Range(long least, long most) {
        boolean has(String value) {
            if (!value.matches("-?[0-9]{1,30}")) {
                return false;
            }
            BigInteger number = new BigInteger(value);
            return number.compareTo(BigInteger.valueOf(least)) >= 0 && number.compareTo(BigInteger.valueOf(most)) <= 0;
        }

        @Override
        public String toString() {
            return most == Long.MAX_VALUE ? "a whole number of at least " + least : least + " to " + most;
        }
    }

    private static Map<String, Rule> rules() {
        TreeMap<String, Rule> rules = new TreeMap<>();
        Rule address = Rule.absent("the brokers are named by --bootstrap, or by kafka.bootstrap of the experiment");
        rules.put("bootstrap.servers", address);
        rules.put("bootstrap.controllers", address);
        for (String key : new String[] {
            "key.serializer", "value.serializer", "key.deserializer", "value.deserializer", "interceptor.classes"
        }) {
            rules.put(key, Rule.absent(BYTES));
        }
        rules.put("partitioner.class", Rule.absent("Cohort chooses the partition of each record"));
        rules.put("enable.idempotence", Rule.only("true", ONCE));
        rules.put("max.in.flight.requests.per.connection", Rule.range(1, 5, ONCE));
        rules.put("transactional.id", Rule.absent("Cohort writes without transactions"));
        rules.put("transaction.two.phase.commit.enable", Rule.absent("Cohort writes without transactions"));
        rules.put("isolation.level", Rule.only("read_uncommitted", WHOLE));
        rules.put("delivery.timeout.ms", Rule.only(NEVER, "a record is not given up while a broker is away"));
        rules.put("retries", Rule.only(NEVER, "a record is not given up while a broker is away"));
        rules.put("max.block.ms", Rule.range(100, 10_000, "a process must be able to end meanwhile"));
        long bytesMax = TopicPlan.RECORD_BYTES_MAX;
        rules.put("max.request.size", Rule.range(bytesMax, Long.MAX_VALUE, "the largest record must fit"));
        rules.put("buffer.memory", Rule.range(bytesMax, Long.MAX_VALUE, "the largest record must fit"));
        for (String key : new String[] {
            "group.id", "group.instance.id", "group.protocol", "group.remote.assignor", "enable.auto.commit"
        }) {
            rules.put(key, Rule.absent("Cohort reads without a consumer group and commits nothing"));
        }
        rules.put("auto.offset.reset", Rule.only("none", WHOLE));
        rules.put("check.crcs", Rule.only("true", "a damaged record is reported, not used"));
        rules.put(
                "allow.auto.create.topics", Rule.only("false", "the topics of a run are created with their settings"));
        rules.put("metadata.recovery.strategy", Rule.only("none", "topics are remembered through an outage"));
        return rules;
    }

    /** Why a setting is not allowed; empty if it is. Names the value only if it is no secret. */
    public static Optional<String> objection(String key, String value) {
        if (key.equals("acks")) {
            boolean all = value.equals("all") || value.equals("-1");
            return all ? Optional.empty() : Optional.of(value + ": must be all: " + ONCE);
        }
        return Optional.ofNullable(RULES.get(key)).flatMap(rule -> rule.objection(value.strip()));
    }

    /** Whether a setting may hold a password or a key, which only the owner of the run may read. */
    public static boolean isSecret(String key) {
        for (ConfigDef definitions :
                new ConfigDef[] {ProducerConfig.configDef(), ConsumerConfig.configDef(), AdminClientConfig.configDef()
                }) {
            ConfigDef.ConfigKey known = definitions.configKeys().get(key);
            if (known != null) {
                return known.type() == ConfigDef.Type.PASSWORD;
            }
        }
        // An unknown setting, of a plug-in.
        return true;
    }
}
