package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Schedules;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * The teacher of the methods that teach by feature maps alone ({@link FitNet}, {@link MutualAttention}, {@link
 * MutualSelectivity}, {@link FactorTeaching}):
 *
 * <pre>
 * L_i = CE(z_i, y) + w(epoch) / |J_i| sum over j in J_i of sum over maps of d(A_ij(F_i), F_j),  F_j constant
 * J_i = all other contributors with teachers: others, the contributor in slot 0 with teachers: first
 * </pre>
 *
 * In place of F_j a method may teach a code of it ({@link TaughtMaps}), and one takes the sum over j in place of the mean. A
 * contributor gets its term as leaf gradients of its maps, and its losses, without w, as addressed {@link Term.Figures}. The
 * coordinator trains the adapters A_ij by w times their gradients, with the experiment's optimizer and the students' learning
 * rate. A contributor without a teacher, and a peer that does not contribute, learns from the labels alone. Several teachers, and
 * teachers that are students themselves, are ours: in the papers one trained network teaches.
 */
final class MapTeacher implements Teacher {
    static final String FORMULA = "L_i = CE(z_i, y) + w(epoch) mean over teachers j of sum over maps of ";
    private static final String MAPS = "maps";
    private static final String TAUGHT = "taught";
    private static final String TEACHERS = "teachers";
    private static final String OTHERS = "others";
    private static final String FIRST = "first";
    private static final String WEIGHT = "weight";
    private static final String RAMP_UP_EPOCHS = "ramp_up_epochs";

    private final List<String> maps;
    private final double weight;
    private final double rampUpEpochs;
    private final TeacherSetting setting;
    private final MapAdapters adapters;
    private final TaughtMaps taught;
    private final MapLessons lessons;

    /** How a student's map is compared with what is taught, behind an adapter of some form. */
    record Lessons(MapLessons.Distance distance, TrainedAdapter.Form form, MapLessons.Over over) {}

    /** Makes what is taught, of these maps and of the slots that teach. */
    @FunctionalInterface
    interface Teaching {
        TaughtMaps of(List<String> maps, IntPredicate teaches);
    }

    /** The mean over the teachers' maps themselves. */
    MapTeacher(Arguments arguments, TeacherSetting setting, MapLessons.Distance distance, TrainedAdapter.Form form) {
        this(
                arguments,
                setting,
                new Lessons(distance, form, MapLessons.Over.MEAN),
                (maps, teaches) -> TaughtMaps.WHOLE);
    }

    MapTeacher(Arguments arguments, TeacherSetting setting, Lessons compared, Teaching teaching) {
        maps = PublishedMaps.names(arguments.word(MAPS));
        weight = arguments.number(WEIGHT);
        rampUpEpochs = arguments.number(RAMP_UP_EPOCHS);
        this.setting = setting;
        boolean ofFirst = arguments.word(TEACHERS).equals(FIRST);
        IntPredicate teaches = slot -> !ofFirst || slot == 0;
        taught = teaching.of(maps, teaches);
        adapters = new MapAdapters(maps, compared.form(), (student, teacher) -> teaches.test(teacher), taught, setting);
        lessons = new MapLessons(maps, compared.distance(), adapters, compared.over());
    }

    /**
     * The common parameters and those of the method itself.
     *
     * @param weight default
     * @param source of that default
     */
    static List<MethodParameter> parameters(String weight, String source, MethodParameter... own) {
        List<MethodParameter> all = new ArrayList<>();
        all.add(maps("last"));
        all.add(
                new MethodParameter(
                        TEACHERS,
                        MethodParameter.Range.oneOf(OTHERS, FIRST),
                        OTHERS,
                        "who teaches: all others, or only the first peer of the experiment, which learns from the labels alone"));
        all.add(new MethodParameter(
                WEIGHT,
                MethodParameter.Range.FACTOR,
                weight,
                "factor of the loss on the maps after the ramp-up; " + source));
        all.add(new MethodParameter(
                RAMP_UP_EPOCHS,
                MethodParameter.Range.NOT_NEGATIVE,
                "0",
                "R of the ramp-up exp(-5 (1 - min(epoch, R) / R)^2) of the weight; 0 = none"));
        all.addAll(List.of(own));
        return all;
    }

    /** The parameter that names the maps. */
    static MethodParameter maps(String defaultMaps) {
        return new MethodParameter(
                MAPS,
                MethodParameter.Range.MAPS,
                defaultMaps,
                "feature maps that are compared, which every peer publishes; for example stage1,stage2,stage3 or last");
    }

    @Override
    public List<String> reads() {
        return maps;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        adapters.initial(state);
        taught.initial(state);
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        NamedTensors initial = initialState();
        return taught.renewed(adapters.renewed(state, initial, slot), initial, slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        PublishedMaps published = PublishedMaps.of(maps, input, setting);
        double factor = weight * Schedules.rampUp(input.epoch(), rampUpEpochs);
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        TaughtMaps.Step step = taught.of(state, published);
        SortedMap<String, double[]> parameters = new TreeMap<>(step.parameters());
        lessons.of(state, published, step.maps()).forEach((student, lesson) -> {
            addressed.put(student, lesson.terms(MAPS, student, factor, published, setting.wire()));
            parameters.putAll(lesson.weighedParameters(factor));
        });
        step.losses()
                .forEach((slot, losses) -> addressed.merge(
                        slot,
                        List.of(new Term.Figures(TAUGHT, losses)),
                        (terms, more) ->
                                Stream.concat(terms.stream(), more.stream()).toList()));
        return new TeacherStep(
                1,
                List.of(),
                addressed,
                TrainedParameter.updated(state, parameters, input.learningRate(), setting.optimizer()));
    }

    /** The teachers of a student count alike. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        for (int student : Shares.slots(input)) {
            SortedMap<Integer, Double> row = new TreeMap<>();
            Shares.add(row, adapters.teachers(student, Shares.slots(input)), 1);
            Shares.normalised(row).ifPresent(shares -> byStudent.put(student, shares));
        }
        return new Shares(false, byStudent);
    }

    /** The mean of all logits, for which no maps are needed. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return PredictionMatrices.meanLogits(predictions, setting);
    }
}
