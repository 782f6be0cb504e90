package dev.cohort.coordinator.method;

import dev.cohort.distill.Schedules;
import java.util.ArrayList;
import java.util.List;

/**
 * The strength of a soft target, which most methods share: {@code w(epoch) T^2 KL} with {@code w(epoch) = weight *
 * rampUp(epoch)}.
 */
record Distillation(double temperature, double weight, double rampUpEpochs) {
    private static final String TEMPERATURE = "temperature";
    private static final String WEIGHT = "weight";
    private static final String RAMP_UP_EPOCHS = "ramp_up_epochs";

    static Distillation of(Arguments arguments) {
        return new Distillation(
                arguments.number(TEMPERATURE), arguments.number(WEIGHT), arguments.number(RAMP_UP_EPOCHS));
    }

    /** Of a method without a temperature: T = 1. */
    static Distillation atOne(Arguments arguments) {
        return new Distillation(1, arguments.number(WEIGHT), arguments.number(RAMP_UP_EPOCHS));
    }

    /** The common parameters and those of the method itself. */
    static List<MethodParameter> parameters(String temperature, MethodParameter... own) {
        return parameters(temperature, "1.0", own);
    }

    /** As {@link #parameters(String, MethodParameter...)}, for a method with another default weight. */
    static List<MethodParameter> parameters(String temperature, String weight, MethodParameter... own) {
        List<MethodParameter> all = new ArrayList<>();
        all.add(new MethodParameter(
                TEMPERATURE,
                MethodParameter.Range.TEMPERATURE,
                temperature,
                "T of teacher and student; the loss carries T^2"));
        all.addAll(withoutTemperature(weight, own));
        return all;
    }

    /** The common parameters but the temperature, and those of the method itself. */
    static List<MethodParameter> withoutTemperature(String weight, MethodParameter... own) {
        List<MethodParameter> all = new ArrayList<>();
        all.add(new MethodParameter(
                WEIGHT, MethodParameter.Range.FACTOR, weight, "factor of the distillation loss after the ramp-up"));
        all.add(new MethodParameter(
                RAMP_UP_EPOCHS,
                MethodParameter.Range.NOT_NEGATIVE,
                "0",
                "R of the ramp-up exp(-5 (1 - min(epoch, R) / R)^2) of the weight; 0 = none, the papers use 80"));
        all.addAll(List.of(own));
        return all;
    }

    double weightAt(int epoch) {
        return weight * Schedules.rampUp(epoch, rampUpEpochs);
    }
}
