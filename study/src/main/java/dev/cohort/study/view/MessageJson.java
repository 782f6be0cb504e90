package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.TestImages;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * Writes messages as JSON objects. Tensors are summarised (type, shape, least, mean and largest value, and for matrices the mean
 * entropy of the softmax of their rows) or written with all values.
 */
public final class MessageJson {
    private final boolean whole;

    /** @param whole whether tensors are written with all values */
    public MessageJson(boolean whole) {
        this.whole = whole;
    }

    /** The message with its kind and all fields. */
    public ObjectNode of(Message message) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("kind", message.getClass().getSimpleName().toLowerCase(Locale.ROOT));
        if (message instanceof Prediction p) {
            json.put("step", p.step())
                    .put("peer", p.peer().value())
                    .put("incarnation", p.incarnation())
                    .put("version", p.version())
                    .put("rendered", p.rendered().hex());
            json.set("tensors", tensors(p.tensors()));
            ObjectNode maps = json.putObject("maps");
            p.maps().forEach((name, map) -> maps.set(name, reference(map)));
            p.previous()
                    .ifPresent(r -> json.putObject("previous")
                            .put("step", r.step())
                            .put("cross_entropy", r.crossEntropy())
                            .put("distillation", r.distillation())
                            .put("correct", r.correct())
                            .put("taught", r.taught()));
        } else if (message instanceof Outcome o) {
            outcome(o, json);
        } else if (message instanceof Addressed a) {
            json.put("step", a.step()).put("peer", a.peer().value()).put("slot", a.slot());
            json.set("terms", terms(a.terms()));
        } else if (message instanceof TensorPiece p) {
            json.put("step", p.step())
                    .put("peer", p.peer().value())
                    .put("slot", p.slot())
                    .put("use", p.use().name().toLowerCase(Locale.ROOT))
                    .put("tensor", p.tensor().hex())
                    .put("index", p.index())
                    .put("count", p.count())
                    .put("bytes", p.bytes().remaining());
        } else if (message instanceof Batch b) {
            batch(b, json);
        } else if (message instanceof Evaluation e) {
            json.put("step", e.step())
                    .put("epoch", e.epoch())
                    .put("last", e.last())
                    .put("source", e.source())
                    .put("accuracy", e.accuracy())
                    .put("cross_entropy", e.crossEntropy());
            json.set("tensors", tensors(e.tensors()));
        } else {
            aboutMembers(message, json);
            aboutTheRun(message, json);
        }
        return json;
    }

    private void outcome(Outcome o, ObjectNode json) {
        json.put("step", o.step())
                .put("coordinator", o.coordinator())
                .put("state_before", o.stateBefore().hex());
        ArrayNode contributors = json.putArray("contributors");
        o.contributors()
                .forEach(c -> contributors
                        .addObject()
                        .put("peer", c.peer().value())
                        .put("slot", c.slot())
                        .put("incarnation", c.incarnation())
                        .put("version", c.version())
                        .put("tensors", c.tensors().hex()));
        if (o.renewed().size() > 0) {
            ArrayNode renewed = json.putArray("renewed_slots");
            o.renewed().stream().forEach(renewed::add);
        }
        if (o.resolution() instanceof Outcome.Targets targets) {
            json.put("label_weight", targets.labelWeight()).put("exact", targets.exact());
            json.set("terms", terms(targets.terms()));
            ArrayNode parts = json.putArray("addressed");
            targets.addressed()
                    .forEach(p -> parts.addObject()
                            .put("peer", p.peer().value())
                            .put("digest", p.digest().hex()));
        } else if (o.resolution() instanceof Outcome.Skipped skipped) {
            json.put("skipped", skipped.reason().name().toLowerCase(Locale.ROOT));
        }
    }

    private static void batch(Batch b, ObjectNode json) {
        json.put("step", b.step())
                .put("epoch", b.epoch())
                .put("ends_epoch", b.endsEpoch())
                .put("rows", b.rows())
                .put("sources", b.labels().weights().size())
                .put("views", b.recipe().views().size())
                .put("pixels", b.pixels().isPresent());
        ArrayNode weights = json.putArray("weights");
        b.labels().weights().forEach(weights::add);
        ArrayNode samples = json.putArray("sample_ids");
        b.recipe().sampleIds().stream().forEach(samples::add);
        ArrayNode digests = json.putArray("digests");
        b.digests().forEach(d -> digests.add(d.hex()));
    }

    private static void aboutMembers(Message message, ObjectNode json) {
        if (message instanceof Heartbeat h) {
            json.put("peer", h.peer().value())
                    .put("incarnation", h.incarnation())
                    .put("state", h.state().name().toLowerCase(Locale.ROOT))
                    .put("step", h.step())
                    .put("images_per_second", h.figures().imagesPerSecond())
                    .put("wait_share", h.figures().waitShare());
        } else if (message instanceof Joining j) {
            json.put("peer", j.peer().value())
                    .put("incarnation", j.incarnation())
                    .put("model", j.model())
                    .put("device", j.device())
                    .put("observer", j.observer())
                    .put("trained_steps", j.trainedSteps());
        } else if (message instanceof Admitted a) {
            json.put("peer", a.peer().value())
                    .put("incarnation", a.incarnation())
                    .put("slot", a.slot())
                    .put("step", a.step())
                    .put("refusal", a.refusal());
        } else if (message instanceof Left l) {
            json.put("peer", l.peer().value())
                    .put("incarnation", l.incarnation())
                    .put("reason", l.reason());
            l.result()
                    .ifPresent(r -> json.putObject("result")
                            .put("first_step", r.firstStep())
                            .put("steps_trained", r.stepsTrained())
                            .put("test_accuracy", r.testAccuracy())
                            .put("weights", r.weights().hex()));
            l.divergence()
                    .ifPresent(d ->
                            json.putObject("divergence").put("step", d.step()).put("what", d.what()));
        } else {
            aboutStandings(message, json);
        }
    }

    private static void aboutStandings(Message message, ObjectNode json) {
        if (message instanceof Rejection r) {
            json.put("step", r.step())
                    .put("peer", r.peer().value())
                    .put("reason", r.reason().name().toLowerCase(Locale.ROOT))
                    .put("detail", r.detail());
        } else if (message instanceof StandingChange c) {
            json.put("step", c.step())
                    .put("peer", c.peer().value())
                    .put("incarnation", c.incarnation())
                    .put("standing", c.standing().name().toLowerCase(Locale.ROOT))
                    .put("why", c.why());
        } else if (message instanceof Draining d) {
            json.put("peer", d.peer().value())
                    .put("incarnation", d.incarnation())
                    .put("last_step", d.lastStep())
                    .put("reason", d.reason());
        }
    }

    private void aboutTheRun(Message message, ObjectNode json) {
        if (message instanceof Command c) {
            json.put("command", c.kind().name().toLowerCase(Locale.ROOT)).put("reason", c.reason());
            c.peer().ifPresent(p -> json.put("peer", p.value()));
            c.incarnation().ifPresent(i -> json.put("incarnation", i));
        } else if (message instanceof Manifest m) {
            json.put("protocol_version", m.protocolVersion())
                    .put("classes", m.classes())
                    .put("steps", m.steps())
                    .put("train_images", m.trainImages())
                    .put("data_digest", m.dataDigest().hex())
                    .put("experiment", m.experiment());
        } else if (message instanceof End e) {
            json.put("last_step", e.lastStep()).put("reason", e.reason());
        } else if (message instanceof Snapshot s) {
            json.put("step", s.step())
                    .put("hash", s.hash().hex())
                    .put("skipped", s.skipped())
                    .put("positions", s.positions().text());
            json.set("state", tensors(s.state()));
        } else if (message instanceof TestImages t) {
            json.put("first", t.first()).put("images", t.images().count()).put("total", t.total());
        }
    }

    private static ObjectNode reference(TensorReference reference) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("dtype", reference.dtype().name().toLowerCase(Locale.ROOT));
        ArrayNode shape = json.putArray("shape");
        reference.shape().stream().forEach(shape::add);
        return json.put("content", reference.content().hex());
    }

    private ArrayNode terms(List<Term> terms) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        for (Term term : terms) {
            ObjectNode one = all.addObject()
                    .put("term", term.getClass().getSimpleName())
                    .put("name", term.name())
                    .put("audience", term.audience().name().toLowerCase(Locale.ROOT));
            if (term instanceof Term.SoftTarget soft) {
                one.put("space", soft.space().name().toLowerCase(Locale.ROOT))
                        .put("vote", soft.vote().name().toLowerCase(Locale.ROOT))
                        .put("weight", soft.weight())
                        .put("temperature", soft.temperature());
                one.set("values", tensor(soft.values()));
            } else if (term instanceof Term.GatedCrossEntropy gated) {
                one.put("weight", gated.weight());
                one.set("gates", tensor(gated.gates()));
            } else if (term instanceof Term.LeafGradient leaf) {
                one.put("tensor", leaf.tensor());
                one.set("gradient", tensor(leaf.gradient()));
            } else if (term instanceof Term.MapGradient map) {
                one.put("tensor", map.tensor());
                one.set("gradient", reference(map.gradient()));
            } else if (term instanceof Term.OwnTarget own) {
                one.put("form", own.form().name().toLowerCase(Locale.ROOT))
                        .put("weight", own.weight())
                        .put("temperature", own.temperature());
            } else if (term instanceof Term.OwnBranches own) {
                one.put("weight", own.weight()).put("temperature", own.temperature());
            } else if (term instanceof Term.CrossEntropy labels) {
                one.put("weight", labels.weight());
            } else if (term instanceof Term.Figures figures) {
                ObjectNode values = one.putObject("values");
                figures.values().forEach(values::put);
            } else if (term instanceof Term.Copies copies) {
                ArrayNode students = one.putArray("students");
                copies.students()
                        .forEach(c -> students.addObject()
                                .put("slot", c.slot())
                                .put("weights", c.weights().digest().hex()));
            }
        }
        return all;
    }

    private ObjectNode tensors(NamedTensors tensors) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        tensors.asMap().forEach((name, tensor) -> all.set(name, tensor(tensor)));
        return all;
    }

    private ObjectNode tensor(Tensor tensor) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("dtype", tensor.dtype().name().toLowerCase(Locale.ROOT));
        ArrayNode shape = json.putArray("shape");
        tensor.shape().stream().forEach(shape::add);
        double[] values = tensor.as(DType.FLOAT64).toDoubles();
        double least = Double.POSITIVE_INFINITY;
        double largest = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (double value : values) {
            least = Math.min(least, value);
            largest = Math.max(largest, value);
            sum += value;
        }
        if (values.length > 0) {
            json.put("min", least).put("mean", sum / values.length).put("max", largest);
        }
        if (tensor.shape().size() == 2 && values.length > 0) {
            json.put("entropy", entropy(values, tensor.dimension(1)));
        }
        if (whole) {
            ArrayNode all = json.putArray("values");
            for (double value : values) {
                all.add(value);
            }
        }
        return json;
    }

    /** Mean over the rows of the entropy of their softmax, in nats. */
    private static double entropy(double[] values, int columns) {
        double[] logarithms = Softmax.logProbabilities(values, columns, 1);
        double sum = 0;
        for (double logarithm : logarithms) {
            sum -= StrictMath.exp(logarithm) * logarithm;
        }
        return sum * columns / values.length;
    }
}
