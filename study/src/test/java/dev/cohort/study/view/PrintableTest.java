package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void writesOutWhatATerminalObeys() {
        assertThat(Printable.line("\u001b[31mred\u0007")).isEqualTo("\\u001b[31mred\\u0007");
        assertThat(Printable.line("\u009b2J")).isEqualTo("\\u009b2J");
        assertThat(Printable.line("a\rb\u007f")).isEqualTo("a\\u000db\\u007f");
    }

    @Test
    void writesOutWhatReordersOrHidesText() {
        assertThat(Printable.line("p1\u202egnp")).isEqualTo("p1\\u202egnp");
        assertThat(Printable.line("a\u2066b\u2028c\u200bd\ufeff")).isEqualTo("a\\u2066b\\u2028c\\u200bd\\ufeff");
        assertThat(Printable.line("\udb40\udc01")).as("a tag").isEqualTo("\\udb40\\udc01");
        assertThat(Printable.line("\ud800")).as("half a character").isEqualTo("\\ud800");
    }

    @Test
    void leavesWordsOfEveryLanguageAlone() {
        String words = "naïve 模型 модель مدل\u200cها 👩\u200d🔬 a\tb";

        assertThat(Printable.line(words)).isSameAs(words);
    }

    @Test
    void keepsOneLineOneLine() {
        assertThat(Printable.line("p1\nVerified.")).isEqualTo("p1\\u000aVerified.");
        assertThat(Printable.lines("p1\nVerified.\r")).isEqualTo("p1\nVerified.\\u000d");
    }
}
