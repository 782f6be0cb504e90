package dev.cohort.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientSectionTest {
    private static final String CANARY = "canary-7f3a";
    private static final String JAAS = "x required username=\"u\" password=\"" + CANARY + "\";";
    private static final String HEAD = "run: {name: a, steps: 3} # kept\npeers: [{id: p1, model: mlp32}]\n";

    private static Experiment read(String yaml) {
        Problems problems = new Problems();
        Optional<Experiment> experiment = ExperimentYaml.read(yaml, List.of(), problems);
        assertThat(problems.found()).isEmpty();
        return experiment.orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "method:\n  name: dml\nkafka:\n  bootstrap: h:1\n  sasl.jaas.config: 'JAAS'\n",
                "kafka:\n  bootstrap: h:1\n  sasl.jaas.config: 'JAAS'\nmethod: {name: dml}\n",
                "kafka: {bootstrap: 'h:1', sasl.jaas.config: 'JAAS'}\nmethod: {name: dml}\n",
                "kafka: {bootstrap: 'h:1', sasl.jaas.config: 'JAAS'}   \n\nmethod: {name: dml}",
                "'kafka':\n    bootstrap: h:1\n    # before: CANARY\n    sasl.jaas.config: |\n      JAAS\nmethod: {name: dml}\n",
                "kafka:\n  sasl.jaas.config: &c 'JAAS'\n  bootstrap: h:1\n  ssl.key.password: *c\nmethod: {name: dml}\n",
                "method: {name: dml}\nkafka: {bootstrap: 'h:1', ? sasl.jaas.config : 'JAAS'} # ümlaut\n",
            })
    void cutsOutPossiblePasswordsAndKeepsTheRest(String end) {
        String text = HEAD + end.replace("JAAS", JAAS).replace("CANARY", CANARY);
        Experiment whole = read(text);
        String given = ExperimentYaml.givenWithoutSecrets(text, whole);
        assertThat(given).doesNotContain(CANARY).contains("# kept", "kafka.properties");
        assertThat(ExperimentYaml.write(read(given))).isEqualTo(ExperimentYaml.writeWithoutSecrets(whole));
        assertThat(ExperimentYaml.hasClientSettings(text)).isTrue();
        assertThat(ExperimentYaml.hasClientSettings(given)).isFalse();
    }

    @Test
    void rewritesATextWithAPasswordElsewhere() {
        String text =
                HEAD + "# password " + CANARY + "\nmethod: {name: dml}\nkafka: {ssl.key.password: " + CANARY + "}\n";
        Experiment whole = read(text);
        assertThat(ExperimentYaml.givenWithoutSecrets(text, whole))
                .isEqualTo(ExperimentYaml.writeWithoutSecrets(whole));
    }

    @Test
    void rewritesAFileInFlowStyle() {
        String text =
                "{run: {steps: 3}, peers: [{id: p1, model: mlp32}], method: {name: dml}, kafka: {ssl.key.password: "
                        + CANARY + "}}";
        Experiment whole = read(text);
        assertThat(ExperimentYaml.givenWithoutSecrets(text, whole))
                .isEqualTo(ExperimentYaml.writeWithoutSecrets(whole));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "kafka: {bootstrap: 'h:1'} # mine\n", "kafka:\n  bootstrap: h:1\n  replication: 3\n"})
    void keepsATextWithoutClientSettings(String kafka) {
        String text = HEAD + "method: {name: dml}\n" + kafka;
        assertThat(ExperimentYaml.givenWithoutSecrets(text, read(text))).isEqualTo(text);
        assertThat(ExperimentYaml.hasClientSettings(text)).isFalse();
    }

    @Test
    void showsNoValueOfAClientSettingInAMessage() {
        Problems problems = new Problems();
        ExperimentYaml.read(
                HEAD + "method: {name: dml}\nkafka: {ssl.key.password: [" + CANARY + "]}\n", List.of(), problems);
        assertThat(problems.found())
                .singleElement()
                .asString()
                .contains("kafka.ssl.key.password")
                .doesNotContain(CANARY);
    }
}
