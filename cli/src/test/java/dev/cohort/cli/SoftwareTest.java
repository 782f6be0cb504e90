package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.runtime.Software;
import org.junit.jupiter.api.Test;

class SoftwareTest {
    @Test
    void theBuildHasFilledInWhatItWasMadeOf() {
        Software software = Software.current();

        assertThat(software.version()).matches("[0-9]+\\.[0-9]+\\.[0-9]+.*");
        assertThat(software.commit()).matches("[0-9a-f]{12}(-dirty)?|unknown");
        assertThat(software.torch()).matches("[0-9]+\\.[0-9]+\\.[0-9]+");
        assertThat(software.jdk()).startsWith(Runtime.version().toString());
        assertThat(software.toString()).contains(software.commit(), software.torch(), software.jdk());
    }
}
