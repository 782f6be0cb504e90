package dev.cohort.peer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExternalSettingTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mynet.py:make",
                "/some path/my.net.py:make_2",
                "timm:resnet18.a1_in1k",
                "torchvision:resnet18",
                "file:net.pt",
                "learner:numpy_learner.py"
            })
    void modelsOfAnotherProcessAreKnownByTheirNames(String model) {
        assertThat(ExternalSetting.isExternal(model)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet8", "wrn-16-2", "mynet.py", "mynet.py:", "mynet.py:make()", "timm:", "file:net.pth"})
    void otherNamesAreNot(String model) {
        assertThat(ExternalSetting.isExternal(model)).isFalse();
        assertThatThrownBy(() -> Pythons.setting(model))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model '" + model + "': must be FILE.py:FUNCTION");
    }

    @Test
    void theInterpreterIsTheChosenOneThenThatOfTheEnvironmentThenPython3() {
        Map<String, String> environment = Map.of("COHORT_PYTHON", "/venv/bin/python");

        assertThat(command(Optional.of("mine"), environment)).isEqualTo("mine");
        assertThat(command(Optional.empty(), environment)).isEqualTo("/venv/bin/python");
        assertThat(command(Optional.empty(), Map.of())).isEqualTo("python3");
    }

    private static String command(Optional<String> chosen, Map<String, String> environment) {
        return Interpreter.of(chosen, environment, Optional.empty()).command();
    }

    @Test
    void packagesComeBeforeThoseOfTheUser() {
        Interpreter interpreter = Interpreter.of(Optional.empty(), Map.of(), Optional.of(Path.of("/cohort/python")));
        ExternalSetting setting = Pythons.setting("net.py:make");

        assertThat(interpreter.environment(setting, Map.of())).containsEntry("PYTHONPATH", "/cohort/python");
        assertThat(interpreter.environment(setting, Map.of("PYTHONPATH", "/own")))
                .containsEntry("PYTHONPATH", "/cohort/python:/own")
                .containsEntry("OMP_NUM_THREADS", "1");
    }
}
