package dev.cohort.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
    @ParameterizedTest
    @CsvSource({"3, 3", "-3.5, -3.5", "+1, 1", ".5, 0.5", "2., 2", "1e-4, 0.0001", "1E3, 1000", "1e-999, 0"})
    void readsDecimalNumbers(String text, double number) {
        assertThat(Decimal.number(text)).hasValue(number);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                " 3",
                "3 ",
                "3f",
                "3d",
                "0x1p3",
                "NaN",
                "Infinity",
                "-Infinity",
                ".nan",
                "1_000",
                "1,5",
                "\u0663",
                "\uff13",
                "1e999",
                "1e",
                "e3",
                ".",
                "--1",
                "3\n"
            })
    void readsNoOtherNumbers(String text) {
        assertThat(Decimal.number(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "3.0", "1e3", "0x10", "1_000", "\u0663", "99999999999999999999", "9223372036854775808", "3L"
            })
    void readsNoOtherWholeNumbers(String text) {
        assertThat(Decimal.whole(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-7, -7", "+7, 7", "9223372036854775807, 9223372036854775807"})
    void readsWholeNumbers(String text, long number) {
        assertThat(Decimal.whole(text)).hasValue(number);
    }
}
