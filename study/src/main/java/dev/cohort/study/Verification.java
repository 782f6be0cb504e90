package dev.cohort.study;

import dev.cohort.coordinator.follow.SlotHistory;
import dev.cohort.coordinator.follow.TeacherSteps;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.Finding.Kind;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.LongToDoubleFunction;

/**
 * Verifies a log: computes the outcomes of a run again from the predictions they name, step by step, and compares them bit for
 * bit with those in the log. It shows that the teacher followed the method, and that no batch, prediction or target was changed
 * since.
 *
 * <p>Decisions about membership cannot be computed again from predictions: which peers a step waited for, hence which predictions an
 * outcome names and whether it is marked exact. These are taken from the log unchecked.
 */
public final class Verification {
    private static final int FINDINGS_KEPT_MAX = 1_000;

    private final RecordedLog log;
    private final Teacher teacher;
    private final TeacherSteps teacherSteps;
    private final Batches planned;
    private final List<Finding> findings = new ArrayList<>();
    private final SortedMap<String, Long> refused = new TreeMap<>();
    private final Fingerprint fingerprint = new Fingerprint();
    private long found;
    private long steps;
    private long firstStep;
    private long targets;
    private long recomputed;
    private long expected = 1;
    private OptionalLong unknownFrom = OptionalLong.empty();
    private MapsGone mapsGone = MapsGone.NONE;
    /** State of the teacher; empty once it is unknown. */
    private Optional<NamedTensors> state;

    private Optional<SlotHistory> history = Optional.of(new SlotHistory());

    /** Checks batches. */
    public interface Batches {
        /** What is wrong with a batch; empty if nothing is. */
        Optional<String> fault(Batch batch);

        /** Accepts all batches. */
        static Batches unchecked() {
            return batch -> Optional.empty();
        }
    }

    /**
     * Steps whose feature maps the broker has deleted, or that were never whole.
     *
     * @param steps how many
     * @param first of these steps, 0 if there are none
     * @param last of these steps, 0 if there are none
     */
    public record MapsGone(long steps, long first, long last) {
        static final MapsGone NONE = new MapsGone(0, 0, 0);

        private MapsGone and(long step) {
            return new MapsGone(steps + 1, steps == 0 ? step : first, step);
        }
    }

    /**
     * The result.
     *
     * @param steps number of outcomes that were checked
     * @param firstStep the first step with an outcome, 0 if there is none
     * @param targets number of outcomes with targets
     * @param recomputed number of outcomes with targets that were computed again and compared
     * @param lastStep of the run, if it ended
     * @param outcomesIgnored outcomes that followed another outcome of their step
     * @param findings the first {@value #FINDINGS_KEPT_MAX}, in the order of the steps
     * @param found number of all findings, including those not kept
     * @param refused records that every reader refuses, by reason: they had no effect and are not findings
     * @param studied steps that are complete in the log
     * @param unknownFrom the first step whose outcome could not be computed again because the state of the trained teacher, which
     *     depends on every earlier step, was unknown
     * @param mapsGone outcomes that could not be computed again because the log no longer has the feature maps that they need
     */
    public record Verdict(
            long steps,
            long firstStep,
            long targets,
            long recomputed,
            OptionalLong lastStep,
            long outcomesIgnored,
            List<Finding> findings,
            long found,
            SortedMap<String, Long> refused,
            Digest plan,
            Digest run,
            StudiedSteps studied,
            OptionalLong unknownFrom,
            MapsGone mapsGone) {
        public boolean clean() {
            return found == 0;
        }
    }

    /**
     * @param teacher of the run, untrained
     * @param learningRate of its trained parameters, by step
     * @param planned checks the batches
     */
    public Verification(RecordedLog log, Teacher teacher, LongToDoubleFunction learningRate, Batches planned) {
        this.log = log;
        this.teacher = teacher;
        this.teacherSteps = new TeacherSteps(teacher, learningRate);
        this.planned = planned;
        this.state = Optional.of(teacher.initialState());
    }

    /**
     * Reads the whole log, once.
     *
     * @param progress takes every step
     */
    public Verdict verdict(LongConsumer progress) {
        try (RecordedSteps recorded = new RecordedSteps(log, this::damaged, teacher.readsMaps())) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                check(next.get());
                progress.accept(next.get().step());
            }
            recorded.otherTopics().forEach(this::readThrough);
            StudiedSteps studied = recorded.studied();
            OptionalLong last = recorded.lastStep();
            if (last.isPresent() && last.getAsLong() >= expected) {
                missing(expected, last.getAsLong());
            }
            return new Verdict(
                    steps,
                    firstStep,
                    targets,
                    recomputed,
                    last,
                    recorded.outcomesIgnored(),
                    List.copyOf(findings),
                    found,
                    refused,
                    fingerprint.plan(),
                    fingerprint.run(),
                    studied,
                    unknownFrom,
                    mapsGone);
        }
    }

    /** Reads a topic from which nothing is computed: its records must be readable. */
    private void readThrough(Topic topic) {
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            try (RecordedLog.Reading reading = log.read(topic, partition)) {
                reading.stream()
                        .filter(entry -> !(entry instanceof RecordedLog.Said))
                        .forEach(this::damaged);
            }
        }
    }

    private void damaged(RecordedLog.Entry entry) {
        if (entry instanceof RecordedLog.Unreadable unreadable) {
            note(new Finding(
                    Kind.UNREADABLE, OptionalLong.empty(), Optional.empty(), unreadable.place(), unreadable.why()));
        } else if (entry instanceof RecordedLog.Refused record) {
            refused.merge(record.rejected().reason().name(), 1L, Long::sum);
        }
    }

    private void note(Finding finding) {
        found++;
        if (findings.size() < FINDINGS_KEPT_MAX) {
            findings.add(finding);
        }
    }

    private void missing(long from, long to) {
        String which = from == to ? "step " + from : "steps " + from + " to " + to;
        note(Finding.of(Kind.MISSING, from, "outcome", which + " of the run have no outcome in the log"));
    }

    private void check(RecordedSteps.Step recorded) {
        long step = recorded.step();
        if (steps == 0) {
            firstStep = step;
            history = step == 1 ? history : Optional.empty();
        }
        if (step > expected) {
            missing(expected, step - 1);
            forgetState();
            history = Optional.empty();
        }
        expected = step + 1;
        steps++;
        recorded.batch().ifPresent(fingerprint::batch);
        fingerprint.outcome(recorded.outcome());
        boolean hasBatch = batch(recorded);
        mapsGone = teacher.readsMaps() && !recorded.hasMaps() ? mapsGone.and(step) : mapsGone;
        boolean whole = predictions(recorded) && hasBatch && (!teacher.readsMaps() || recorded.hasMaps());
        if (recorded.outcome().resolution() instanceof Outcome.Targets published) {
            targets++;
            renewed(recorded);
            if (!teacher.distils()) {
                note(Finding.of(Kind.DIFFERS, step, "outcome", "has targets, which this method never produces"));
            } else if (whole && state.isPresent()) {
                targets(recorded, published, state.get());
            } else {
                forgetState();
                boolean first = state.isEmpty() && unknownFrom.isEmpty();
                unknownFrom = first ? OptionalLong.of(step) : unknownFrom;
            }
        }
    }

    /** Checks the renewed slots, which are known only if no earlier outcome is missing. */
    private void renewed(RecordedSteps.Step recorded) {
        SortedMap<Integer, PeerId> voters =
                SlotHistory.contributors(recorded.outcome().contributors());
        Ints published = recorded.outcome().renewed();
        history.map(h -> h.renewed(voters))
                .filter(must -> !must.equals(published))
                .ifPresent(must -> note(Finding.of(
                        Kind.DIFFERS,
                        recorded.step(),
                        "outcome.renewed",
                        "slots " + published + ", must be slots " + must)));
        history.ifPresent(h -> h.add(voters));
    }

    /** A teacher without a state stays known: it can be computed again at the next step. */
    private void forgetState() {
        boolean trained = !teacher.initialState().asMap().isEmpty();
        state = trained ? Optional.empty() : state;
    }

    private boolean batch(RecordedSteps.Step recorded) {
        if (recorded.batch().isEmpty()) {
            note(Finding.of(Kind.MISSING, recorded.step(), "batch", "not in the log"));
            return false;
        }
        Optional<String> fault = planned.fault(recorded.batch().get());
        fault.ifPresent(what -> note(Finding.of(Kind.DIFFERS, recorded.step(), "batch", what)));
        return true;
    }

    private boolean predictions(RecordedSteps.Step recorded) {
        boolean whole = true;
        for (Outcome.Contributor contributor : recorded.outcome().contributors()) {
            Optional<Prediction> prediction = recorded.prediction(contributor.peer());
            if (prediction.isEmpty()) {
                note(Finding.of(Kind.MISSING, recorded.step(), contributor.peer(), "prediction", "not in the log"));
                whole = false;
                continue;
            }
            Digest digest = prediction.get().digest();
            if (!digest.equals(contributor.tensors())) {
                note(Finding.of(
                        Kind.DIFFERS,
                        recorded.step(),
                        contributor.peer(),
                        "prediction."
                                + String.join(
                                        "|", prediction.get().tensors().asMap().keySet()),
                        "digest " + digest.shortHex() + ", the outcome was computed from "
                                + contributor.tensors().shortHex()));
                whole = false;
            }
            recorded.batch().ifPresent(batch -> rendered(prediction.get(), contributor, batch));
        }
        return whole;
    }

    private void rendered(Prediction prediction, Outcome.Contributor contributor, Batch batch) {
        Digest must = batch.digest(contributor.slot());
        if (!prediction.rendered().equals(must)) {
            note(Finding.of(
                    Kind.DIFFERS,
                    batch.step(),
                    contributor.peer(),
                    "prediction.rendered",
                    "digest " + prediction.rendered().shortHex() + " of the images, the batch has " + must.shortHex()));
        }
    }

    private void targets(RecordedSteps.Step recorded, Outcome.Targets published, NamedTensors before) {
        long step = recorded.step();
        Batch batch = recorded.batch().orElseThrow();
        Digest hash = Teacher.hash(before);
        if (!recorded.outcome().stateBefore().equals(hash)) {
            note(Finding.of(
                    Kind.DIFFERS,
                    step,
                    "outcome.state_before",
                    recorded.outcome().stateBefore().shortHex() + ", the teacher before this step is "
                            + hash.shortHex()));
        }
        List<Teacher.PeerPrediction> votes = recorded.outcome().contributors().stream()
                .flatMap(
                        c -> recorded
                                .tensors(c.peer())
                                .map(tensors -> new Teacher.PeerPrediction(c.peer(), c.slot(), tensors))
                                .stream())
                .toList();
        Teacher.TeacherStep lesson =
                teacherSteps.step(before, recorded.outcome().renewed(), batch, votes);
        recomputed++;
        compare(recorded, published, lesson);
        state = Optional.of(lesson.next());
    }

    private void compare(RecordedSteps.Step recorded, Outcome.Targets published, Teacher.TeacherStep lesson) {
        long step = recorded.step();
        if (Double.compare(published.labelWeight(), lesson.labelWeight()) != 0) {
            note(Finding.of(
                    Kind.DIFFERS,
                    step,
                    "outcome.label_weight",
                    published.labelWeight() + ", must be " + lesson.labelWeight()));
        }
        terms(step, Optional.empty(), "outcome.terms", published.terms(), lesson.terms());
        for (Outcome.Contributor contributor : recorded.outcome().contributors()) {
            List<Term> own = lesson.addressed().getOrDefault(contributor.slot(), List.of());
            Optional<Outcome.Part> named = published.addressed().stream()
                    .filter(part -> part.peer().equals(contributor.peer()))
                    .findFirst();
            if (own.isEmpty() == named.isPresent()) {
                note(Finding.of(
                        Kind.DIFFERS,
                        step,
                        contributor.peer(),
                        "outcome.addressed",
                        named.isPresent() ? "names a part, must name none" : "names no part, must name one"));
            } else if (named.isPresent()) {
                part(recorded, contributor, named.get(), own);
            }
        }
    }

    private void part(
            RecordedSteps.Step recorded, Outcome.Contributor contributor, Outcome.Part named, List<Term> own) {
        Optional<Addressed> part = Optional.ofNullable(recorded.parts().get(contributor.peer()));
        Addressed right = MapGradients.parcel(recorded.step(), 0, contributor.peer(), contributor.slot(), own)
                .addressed();
        Digest must = right.digest();
        if (!named.digest().equals(must)) {
            note(Finding.of(
                    Kind.DIFFERS,
                    recorded.step(),
                    contributor.peer(),
                    "outcome.addressed",
                    "digest " + named.digest().shortHex() + ", must be " + must.shortHex()));
        }
        if (part.isEmpty()) {
            note(Finding.of(
                    Kind.MISSING,
                    recorded.step(),
                    contributor.peer(),
                    "addressed",
                    "no part of digest " + named.digest().shortHex() + " in the log"));
        } else {
            terms(
                    recorded.step(),
                    Optional.of(contributor),
                    "addressed.terms",
                    part.get().terms(),
                    right.terms());
        }
    }

    private void terms(
            long step, Optional<Outcome.Contributor> peer, String field, List<Term> published, List<Term> must) {
        int both = Math.min(published.size(), must.size());
        for (int i = 0; i < both; i++) {
            if (!published.get(i).equals(must.get(i))) {
                note(new Finding(
                        Kind.DIFFERS,
                        OptionalLong.of(step),
                        peer.map(Outcome.Contributor::peer),
                        field + "[" + i + "]." + must.get(i).name(),
                        "does not follow from the predictions that the outcome names"));
            }
        }
        if (published.size() != must.size()) {
            note(new Finding(
                    Kind.DIFFERS,
                    OptionalLong.of(step),
                    peer.map(Outcome.Contributor::peer),
                    field,
                    published.size() + " terms, must be " + must.size()));
        }
    }
}
