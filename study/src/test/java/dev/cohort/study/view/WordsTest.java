package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "/runs/20250131-a, /runs/20250131-a",
                "/my runs/a, '/my runs/a'",
                "it's, 'it'\\''s'",
                "\"\", ''",
                "$HOME, '$HOME'"
            })
    void quotesWhatAShellWouldTakeApart(String word, String quoted) {
        assertThat(Words.shell(word)).isEqualTo(quoted);
    }
}
