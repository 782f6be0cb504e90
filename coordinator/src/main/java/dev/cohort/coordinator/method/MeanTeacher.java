package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.TreeMap;

/**
 * Mean Teacher: every peer imitates the moving average of its own weights. Peers do not teach each other.
 *
 * <pre>
 * w' = a w' + (1 - a) w after update t = 0, 1, ...,  a = min(1 - 1/(t+1), ema_decay)
 * L_i = CE(z_i, y) + w(epoch) (1/BC) sum (softmax(z_i) - softmax(t_i))^2          distance: squares
 * L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(t_i) || softmax_T(z_i))            distance: divergence
 * </pre>
 *
 * t_i are the average's logits, constant. It is in training mode, so batch norm uses the statistics of the batch, and it sees
 * the student's view of the images: the paper's separate noise for student and teacher is left out. Only parameters are
 * averaged. No target depends on a prediction, and no peer is awaited.
 *
 * <p>Source: Tarvainen and Valpola, "Mean teachers are better role models", NeurIPS 2017 (arXiv 1703.01780), and its code
 * CuriousAI/mean-teacher, which sets the decay, the mean of the squares over batch and classes and the ramp-up. Ours: labels
 * for all images (the paper learns from few), the decay 0.99, as runs here are shorter than the thousand updates over which 0.999
 * averages, and the weight 10, which with ten classes makes the mean over classes a sum.
 */
final class MeanTeacher implements Teacher {
    private static final String EMA_DECAY = "ema_decay";
    private static final String DISTANCE = "distance";

    static final Method METHOD = new Method(
            "mean_teacher",
            "every peer imitates the moving average of its own weights",
            "L_i = CE(z_i, y) + w(epoch) mean over classes of (softmax(z_i) - softmax(t_i))^2, or w(epoch) T^2"
                    + " KL(softmax_T(t_i) || softmax_T(z_i)); t_i from the average of the weights of i",
            "Tarvainen, Valpola, Mean teachers are better role models, NeurIPS 2017, arXiv 1703.01780",
            Distillation.parameters(
                    "1.0",
                    "10.0",
                    new MethodParameter(
                            EMA_DECAY,
                            MethodParameter.Range.BELOW_ONE,
                            "0.99",
                            "greatest decay a of the average w' = a w' + (1 - a) w; it starts as the running mean"),
                    new MethodParameter(
                            DISTANCE,
                            MethodParameter.Range.oneOf("squares", "divergence"),
                            "squares",
                            "squares: of the probabilities, without temperature; divergence: T^2 KL")),
            (arguments, setting) -> new MeanTeacher(arguments));

    private static final String TERM = "own_average";

    private final Distillation distillation;
    private final OwnTeacher average;
    private final Term.OwnTarget.Form form;

    private MeanTeacher(Arguments arguments) {
        distillation = Distillation.of(arguments);
        average = new OwnTeacher.Average(arguments.number(EMA_DECAY));
        form = arguments.word(DISTANCE).equals("squares")
                ? Term.OwnTarget.Form.SQUARES
                : Term.OwnTarget.Form.DIVERGENCE;
    }

    @Override
    public OwnTeacher ownTeacher() {
        return average;
    }

    @Override
    public int contributorsMin() {
        return 0;
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Term target = new Term.OwnTarget(TERM, form, distillation.weightAt(input.epoch()), distillation.temperature());
        return new TeacherStep(1, List.of(target), new TreeMap<>(), state);
    }
}
