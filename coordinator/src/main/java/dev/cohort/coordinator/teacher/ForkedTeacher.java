package dev.cohort.coordinator.teacher;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The teacher of a fork: the parent's teacher up to the step of the fork, then its own. The trained state is kept if both have
 * the same method; otherwise the new teacher starts from its initial state.
 */
public final class ForkedTeacher implements Teacher {
    private final Teacher before;
    private final Teacher after;
    private final boolean keepsState;
    private final long lastStepBefore;
    /** Prefix of the new teacher's tensor names where the parent's teacher has the same names; otherwise empty. */
    private final String mark;

    /**
     * @param before teacher of the parent
     * @param after teacher of the fork
     * @param sameMethod whether both have the same method, so that one can use the other's state
     * @param lastStepBefore the step of the fork, at least 1
     * @throws IllegalArgumentException if the students would have to change at the fork
     */
    public ForkedTeacher(Teacher before, Teacher after, boolean sameMethod, long lastStepBefore) {
        if (!before.ownTeacher().equals(after.ownTeacher())) {
            throw new IllegalArgumentException("the students run " + before.ownTeacher()
                    + " beside themselves, with this method " + after.ownTeacher() + ": a fork cannot change that");
        }
        if (before.distils() && !after.distils()) {
            throw new IllegalArgumentException(
                    "a fork cannot end distillation by its method: let its weight be 0 (method.weight)");
        }
        // The parent may be a fork itself.
        NamedTensors atFork = before instanceof ForkedTeacher fork ? fork.after.initialState() : before.initialState();
        if (sameMethod && !layout(atFork).equals(layout(after.initialState()))) {
            throw new IllegalArgumentException("the trained teacher has the parameters " + layout(atFork)
                    + ", with these settings " + layout(after.initialState())
                    + ": a fork with the same method must keep the parameters");
        }
        this.before = before;
        this.after = after;
        this.keepsState = sameMethod;
        this.lastStepBefore = lastStepBefore;
        boolean ambiguous = !sameMethod
                && List.of(atFork, before.initialState()).stream()
                        .anyMatch(s -> s.asMap()
                                .keySet()
                                .equals(after.initialState().asMap().keySet()));
        boolean afterMarked = before instanceof ForkedTeacher fork && !fork.mark.isEmpty();
        boolean learns = !after.initialState().asMap().isEmpty();
        mark = learns && (ambiguous || afterMarked) ? "fork/" + lastStepBefore + "/" : "";
    }

    private static SortedMap<String, Ints> layout(NamedTensors state) {
        SortedMap<String, Ints> layout = new TreeMap<>();
        state.asMap().forEach((name, tensor) -> layout.put(name, tensor.shape()));
        return layout;
    }

    @Override
    public boolean distils() {
        return after.distils();
    }

    @Override
    public List<String> reads() {
        return after.reads();
    }

    @Override
    public OwnTeacher ownTeacher() {
        return after.ownTeacher();
    }

    @Override
    public int contributorsMin() {
        return after.contributorsMin();
    }

    @Override
    public void requireTeachable(List<PeerId> contributors) {
        after.requireTeachable(contributors);
    }

    @Override
    public NamedTensors initialState() {
        return before.initialState();
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        boolean ofParent =
                state.asMap().keySet().equals(before.initialState().asMap().keySet());
        return ofParent ? before.renewed(state, slot) : marked(after.renewed(own(state), slot));
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        if (input.step() <= lastStepBefore) {
            return before.teach(state, input);
        }
        TeacherStep teacherStep = after.teach(own(state), input);
        return new TeacherStep(
                teacherStep.labelWeight(), teacherStep.terms(), teacherStep.addressed(), marked(teacherStep.next()));
    }

    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return after.evaluate(own(state), predictions);
    }

    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        return input.step() <= lastStepBefore
                ? before.shares(state, input, teacherStep)
                : after.shares(own(state), input, teacherStep);
    }

    /**
     * The state that the new teacher starts from: at its first step, and after skipped steps, {@code state} is still the
     * parent's.
     */
    private NamedTensors own(NamedTensors state) {
        if (isMarked(state)) {
            return renamed(state, name -> name.substring(mark.length()));
        }
        NamedTensors fresh = after.initialState();
        if (mark.isEmpty() && state.asMap().keySet().equals(fresh.asMap().keySet())) {
            return state;
        }
        if (!keepsState) {
            return fresh;
        }
        return before instanceof ForkedTeacher parent ? parent.own(state) : state;
    }

    private NamedTensors marked(NamedTensors state) {
        return renamed(state, name -> mark + name);
    }

    private boolean isMarked(NamedTensors state) {
        return !mark.isEmpty() && state.asMap().keySet().stream().allMatch(n -> n.startsWith(mark));
    }

    private static NamedTensors renamed(NamedTensors state, UnaryOperator<String> name) {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        state.asMap().forEach((n, tensor) -> tensors.put(name.apply(n), tensor));
        return NamedTensors.of(tensors);
    }
}
