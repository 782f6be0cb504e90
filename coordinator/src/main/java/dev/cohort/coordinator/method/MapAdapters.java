package dev.cohort.coordinator.method;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.IntPredicate;

/**
 * The adapters from the maps of students to those of their teachers: one for each student, teacher and map. In the papers they
 * belong to the student; here the coordinator trains them, so that a student need not know the method.
 */
final class MapAdapters {
    private final List<String> maps;
    private final TrainedAdapter.Form form;
    private final BiPredicate<Integer, Integer> learns;
    private final TaughtMaps taught;
    private final TeacherSetting setting;

    /**
     * @param maps names, such as {@code map/last}
     * @param form of each; {@link TrainedAdapter.Form#MAP} only where the numbers of channels differ
     * @param learns whether the student in the first slot learns from the maps of the second
     * @param taught what they lead to
     */
    MapAdapters(
            List<String> maps,
            TrainedAdapter.Form form,
            BiPredicate<Integer, Integer> learns,
            TaughtMaps taught,
            TeacherSetting setting) {
        this.maps = maps;
        this.form = form;
        this.learns = learns;
        this.taught = taught;
        this.setting = setting;
    }

    /** The slots among {@code present} from which a student learns. */
    List<Integer> teachers(int student, List<Integer> present) {
        return present.stream()
                .filter(slot -> slot != student && learns.test(student, slot))
                .toList();
    }

    TrainedAdapter between(int student, int teacher, String map) {
        int inputs = setting.maps().row(map, student).get(0);
        int outputs = taught.channels(setting.maps().row(map, teacher).get(0));
        boolean fits = form == TrainedAdapter.Form.MAP && inputs == outputs;
        return new TrainedAdapter(
                "adapter." + PublishedMaps.word(map) + "." + student + ".to." + teacher,
                fits ? TrainedAdapter.Form.NONE : form,
                outputs,
                inputs);
    }

    /** Adds fresh adapters to a state. */
    void initial(Map<String, Tensor> state) {
        for (int student = 0; student < setting.slots(); student++) {
            for (TrainedAdapter adapter : of(student, other -> true)) {
                adapter.initial(state, setting.seed(), student);
            }
        }
    }

    /** A state in which the adapters of the student in one slot, and those that lead to its maps, are as in {@code initial}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
        Set<String> affected = new TreeSet<>();
        for (int student = 0; student < setting.slots(); student++) {
            boolean own = student == slot;
            of(student, teacher -> own || teacher == slot).forEach(adapter -> affected.addAll(adapter.parameters()));
        }
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            reset = affected.contains(TrainedParameter.owner(name)) ? ResetSlot.whole(reset, initial, name) : reset;
        }
        return reset;
    }

    /** A student's adapters to the maps of some teachers. */
    private List<TrainedAdapter> of(int student, IntPredicate teachers) {
        List<TrainedAdapter> found = new ArrayList<>();
        for (int teacher = 0; teacher < setting.slots(); teacher++) {
            if (teacher != student && teachers.test(teacher) && learns.test(student, teacher)) {
                for (String map : maps) {
                    found.add(between(student, teacher, map));
                }
            }
        }
        return found;
    }
}
