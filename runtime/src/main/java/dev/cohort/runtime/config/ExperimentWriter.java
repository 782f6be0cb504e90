package dev.cohort.runtime.config;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Peer;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Writes an experiment as YAML, with every value and always in the same order. SnakeYAML's own writer is not used: its layout and
 * quoting may change with its version, and equal experiments must give equal bytes in every release.
 */
final class ExperimentWriter {
    /** Texts without quotation marks; words with a meaning in YAML do not match or are listed below. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./-]([A-Za-z0-9_./:+-]*[A-Za-z0-9_./+-])?");

    private static final List<String> WORDS_OF_YAML = List.of("null", "-", ".", "---", "...");

    private final StringBuilder yaml = new StringBuilder();

    private ExperimentWriter() {}

    static String write(Experiment e) {
        ExperimentWriter writer = new ExperimentWriter();
        writer.run(e.run());
        writer.images(e);
        writer.method(e.method());
        writer.optimizer(e.optimizer());
        writer.peers(e.peers());
        writer.pace(e.pace());
        writer.elastic(e.elastic());
        writer.section("wire");
        writer.word("  logits", floatWord(e.wire().logits()));
        writer.word("  features", floatWord(e.wire().features()));
        writer.word("  maps", floatWord(e.wire().maps()));
        writer.word("  maps_kept_mebibytes", e.wire().mapsKeptMebibytes());
        writer.section("record");
        writer.word("  features", Section.word(e.recording().features()));
        writer.word("  evaluation_logits", e.recording().evaluationLogits());
        writer.word("  checkpoint_steps", e.recording().checkpointSteps());
        writer.word("  checkpoints_kept", e.recording().checkpointsKept());
        writer.word("  snapshot_steps", e.recording().snapshotSteps());
        writer.section("kafka");
        writer.text("  bootstrap", e.kafka().bootstrap().orElse("embedded"));
        writer.word("  replication", e.kafka().replication());
        writer.texts(e.kafka().client());
        writer.section("threads");
        int torch = e.threads().torchPerPeer().orElse(0);
        writer.word("  torch_per_peer", torch == 0 ? "auto" : Integer.toString(torch));
        return writer.yaml.toString();
    }

    private void run(Experiment.Run run) {
        section("run");
        text("  name", run.name());
        word("  seed", run.seed());
        run.epochs().ifPresent(epochs -> word("  epochs", epochs));
        run.steps().ifPresent(steps -> word("  steps", steps));
        word("  batch_size", run.batchSize());
    }

    private void images(Experiment e) {
        section("data");
        text("  name", e.data().name());
        e.data().path().ifPresent(path -> text("  path", path));
        word("  mode", Section.word(e.data().mode()));
        e.data().validation().ifPresent(share -> word("  validation", share));
        section("augment");
        word("  crop_padding", e.augment().cropPadding());
        word("  flip", e.augment().flip());
        word("  per_peer", e.augment().perPeer());
        section("mix");
        word("  kind", Section.word(e.mix().kind()));
        word("  alpha", e.mix().alpha());
        word("  probability", e.mix().probability());
        word("  n", e.mix().n());
    }

    private void method(Experiment.Method method) {
        section("method");
        text("  name", method.name());
        method.parameters().forEach((key, value) -> {
            String[] items = value.split(Experiment.Method.SEPARATOR, -1);
            if (key.equals(Experiment.Method.LIST) && items.length > 1) {
                section("  " + key);
                List.of(items)
                        .forEach(item ->
                                yaml.append("    - ").append(quoted(item)).append('\n'));
            } else {
                text("  " + quoted(key), value);
            }
        });
    }

    private void optimizer(Experiment.Optimizer optimizer) {
        WeightUpdate update = optimizer.update();
        section("optimizer");
        word("  name", update.rule().word());
        word("  learning_rate", optimizer.learningRate());
        if (update.rule() instanceof UpdateRule.AdamW adamW) {
            word("  beta1", adamW.beta1());
            word("  beta2", adamW.beta2());
            word("  epsilon", adamW.epsilon());
        } else if (update.rule() instanceof UpdateRule.Sgd sgd) {
            word("  momentum", sgd.momentum());
            word("  nesterov", sgd.nesterov());
        }
        word("  weight_decay", update.weightDecay());
        update.clipNorm().ifPresent(norm -> word("  clip_norm", norm));
        update.averageDecay().ifPresent(decay -> word("  average_decay", decay));
        section("  schedule");
        word("    kind", Section.word(optimizer.schedule().kind()));
        word("    milestones", optimizer.schedule().milestones());
        word("    gamma", optimizer.schedule().gamma());
        word("    warmup_epochs", optimizer.schedule().warmupEpochs());
    }

    private void peers(List<Peer> peers) {
        section("peers");
        for (Peer peer : peers) {
            text("  - id", peer.id().value());
            text("    model", peer.model());
            text("    device", peer.device());
            word("    seed", peer.seed());
            word("    control", peer.control());
            peer.own().python().ifPresent(python -> text("    python", python));
            if (peer.own().pretrained()) {
                word("    pretrained", true);
            }
            peer.own().weights().ifPresent(file -> text("    weights", file));
            peer.own().featureWidth().ifPresent(width -> word("    feature_width", width));
            if (!peer.own().maps().isEmpty()) {
                text("    maps", words(peer.own().maps()));
            }
        }
    }

    /** Such as {@code map/last=64x8x8 map/stage1=16x32x32}. */
    private static String words(SortedMap<String, Ints> maps) {
        return maps.entrySet().stream()
                .map(map -> map.getKey() + "="
                        + map.getValue().stream().mapToObj(Integer::toString).collect(Collectors.joining("x")))
                .collect(Collectors.joining(" "));
    }

    private void pace(Experiment.Pace pace) {
        section("pace");
        word("  mode", Section.word(pace.mode()));
        word("  k", pace.k());
        word("  parts", pace.parts());
        word("  prefetch", pace.prefetch());
        word("  completion", Section.word(pace.completion()));
        word("  quorum", pace.quorum());
        word("  gone_after_ms", pace.goneAfterMs());
        word("  deadline_ms", pace.deadlineMs());
        word("  evaluation_ms", pace.evaluationMs());
        word("  start_ms", pace.startMs());
        word("  on_loss", Section.word(pace.onLoss()));
    }

    private void elastic(Experiment.Elastic elastic) {
        section("elastic");
        word("  min", elastic.min());
        word("  max", elastic.max());
        word("  cooldown_ms", elastic.cooldownMs());
        word("  lag_max_steps", elastic.lag().maxSteps());
        word("  on_lag", Section.word(elastic.lag().policy()));
        section("  admit");
        word("    after_steps", elastic.admitAfterSteps());
        word("    accuracy_ratio", elastic.admitAccuracyRatio());
    }

    private static String floatWord(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> "fp16";
            case FLOAT32 -> "fp32";
            case FLOAT64 -> "fp64";
        };
    }

    private void section(String key) {
        yaml.append(key).append(":\n");
    }

    /** Writes a value unquoted: a number, a boolean, a list of numbers or one of Cohort's words. */
    private void word(String key, Object value) {
        yaml.append(key).append(": ").append(value).append('\n');
    }

    private void texts(Map<String, String> values) {
        values.forEach((key, value) -> text("  " + quoted(key), value));
    }

    private void text(String key, String value) {
        word(key, quoted(value));
    }

    /** {@code text} as a YAML scalar. */
    static String quoted(String text) {
        if (PLAIN.matcher(text).matches() && !WORDS_OF_YAML.contains(text)) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
