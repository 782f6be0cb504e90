package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class MethodCatalogTest {
    static List<Method> all() {
        return MethodCatalog.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void makesATeacherAsItDescribesIt(Method method) {
        TeacherSetting setting = new TeacherSetting(2, Ints.of(4, 4), 10, 1, Cohort.sgd(0.9, false, 0), DType.FLOAT32);
        var teacher = method.create(new Experiment.Method(method.name(), Map.of()), setting);

        assertThat(MethodCatalog.find(method.name())).contains(method);
        assertThat(teacher.reads()).isEqualTo(method.reads());
        assertThat(teacher.contributorsMin()).isEqualTo(method.contributorsMin());
        assertThat(List.of(method.summary(), method.formula(), method.paper())).allMatch(text -> !text.isBlank());
    }

    @ParameterizedTest
    @MethodSource("all")
    void hasDefaultsThatItAllows(Method method) {
        Map<String, String> defaults = new TreeMap<>();
        method.parameters().forEach(p -> defaults.put(p.name(), p.defaultValue()));
        Problems problems = new Problems();

        method.validate(new Experiment.Method(method.name(), defaults), problems, "method");

        assertThat(problems.found()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("all")
    void saysWhatIsInForce(Method method) {
        String inForce = method.inForce(new Experiment.Method(method.name(), Map.of()));

        assertThat(inForce).startsWith(method.name()).contains(method.formula(), "mean over the images");
        method.parameters().forEach(p -> assertThat(inForce).contains(p.name() + "=" + p.defaultValue()));
    }

    @Test
    void saysWhatIsInForceInsteadOfTheDefaults() {
        Map<String, String> chosen = Map.of("temperature", "2", "ramp_up_epochs", "80");

        assertThat(MethodCatalog.get("mean_logit").inForce(new Experiment.Method("mean_logit", chosen)))
                .startsWith("mean_logit with temperature=2, weight=1.0, ramp_up_epochs=80, self=true: L_i = ");
    }

    @ParameterizedTest
    @CsvSource({
        "temperature, 0, method.temperature: 0: must be a number from 0.001 to 1000000",
        "temperature, warm, method.temperature: warm: must be a number from 0.001 to 1000000",
        "temperature, NaN, method.temperature: NaN: must be a number from 0.001 to 1000000",
        "temperature, 3f, method.temperature: 3f: must be a number from 0.001 to 1000000",
        "temperature, 0x1p3, method.temperature: 0x1p3: must be a number from 0.001 to 1000000",
        "temperature, 1_000, method.temperature: 1_000: must be a number from 0.001 to 1000000",
        "temperature, \u0663, method.temperature: \u0663: must be a number from 0.001 to 1000000",
        "temperature, 1e200, method.temperature: 1e200: must be a number from 0.001 to 1000000",
        "temperature, 1e-300, method.temperature: 1e-300: must be a number from 0.001 to 1000000",
        "weight, 1e300, method.weight: 1e300: must be a number from 0 to 1000000",
        "weight, 1e999, method.weight: 1e999: must be a number from 0 to 1000000",
        "temperature, Infinity, method.temperature: Infinity: must be a number from 0.001 to 1000000",
        "weight, -1, method.weight: -1: must be a number from 0 to 1000000",
        "ramp_up_epochs, -2, method.ramp_up_epochs: -2: must be a number of at least 0",
        "self, yes, method.self: yes: must be true or false",
        "speed, 1, 'method.speed: method mean_logit has no such parameter; it has temperature, weight, ramp_up_epochs,"
                + " self'"
    })
    void refusesWhatAMethodDoesNotAllow(String parameter, String value, String message) {
        Problems problems = new Problems();

        MethodCatalog.validate(new Experiment.Method("mean_logit", Map.of(parameter, value)), problems, "method");

        assertThat(problems.found()).containsExactly(message);
    }

    @Test
    void refusesAnUnknownMethodAndNamesTheKnownOnes() {
        Problems problems = new Problems();

        MethodCatalog.validate(new Experiment.Method("telepathy", Map.of()), problems, "method");

        assertThat(problems.found())
                .containsExactly("method.name: telepathy: must be one of "
                        + String.join(", ", all().stream().map(Method::name).toList()));
        assertThatThrownBy(() -> MethodCatalog.get("telepathy")).hasMessageContaining("telepathy");
    }

    @ParameterizedTest
    @CsvSource({
        "ema_decay, 1, method.ema_decay: 1: must be a number from 0 to below 1",
        "ema_decay, -0.1, method.ema_decay: -0.1: must be a number from 0 to below 1",
        "distance, far, 'method.distance: far: must be one of squares, divergence'"
    })
    void refusesAnImpossibleAverage(String parameter, String value, String message) {
        Problems problems = new Problems();

        MethodCatalog.validate(new Experiment.Method("mean_teacher", Map.of(parameter, value)), problems, "method");

        assertThat(problems.found()).containsExactly(message);
    }

    @Test
    void makesNoTeacherFromArgumentsItDoesNotAllow() {
        TeacherSetting setting = new TeacherSetting(1, Ints.of(4), 10, 1, Cohort.sgd(0, false, 0), DType.FLOAT32);

        assertThatThrownBy(() -> Dml.METHOD.create(
                        new Experiment.Method("dml", Map.of("temperature", "-1", "self", "true")), setting))
                .hasMessageContaining("method.temperature: -1")
                .hasMessageContaining("method.self");
        assertThatThrownBy(() -> Dml.METHOD.create(new Experiment.Method("one", Map.of()), setting))
                .hasMessageContaining("method.name: one");
    }

    @Test
    void hasTheTemperaturesOfThePapers() {
        assertThat(temperature(Dml.METHOD)).isEqualTo(1);
        assertThat(temperature(MeanLogit.METHOD)).isEqualTo(3);
        assertThat(temperature(One.METHOD)).isEqualTo(3);
        assertThat(temperature(Okddip.METHOD)).isEqualTo(3);
        assertThat(temperature(Pcl.METHOD)).isEqualTo(3);
        assertThat(temperature(Ffl.METHOD)).isEqualTo(3);
        assertThat(temperature(Pairs.METHOD)).isEqualTo(1);
        assertThat(temperature(CutnMix.METHOD)).isEqualTo(3);
    }

    private static double temperature(Method method) {
        return method.arguments(new Experiment.Method(method.name(), Map.of())).number("temperature");
    }
}
