package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ColumnsTest {
    @Test
    void alignsCellsLeftAndRight() {
        Columns columns = Columns.apart(2).left(5).right(4).left(3);

        assertThat(columns.row("peer", "step", "why")).isEqualTo("peer   step  why");
        assertThat(columns.row("p1", "7", "")).isEqualTo("p1        7");
    }

    @Test
    void shiftsTheRowBehindAWideCell() {
        assertThat(Columns.apart(1).left(2).right(3).row("peer", "1")).isEqualTo("peer   1");
    }

    @Test
    void cutsAWideCellIfAsked() {
        assertThat(Columns.cutting(1).left(4).right(3).row("control", "1000")).isEqualTo("con… 10…");
    }

    @Test
    void refusesARowOfAnotherSize() {
        assertThatThrownBy(() -> Columns.apart(1).left(2).row("a", "b"))
                .hasMessage("a row of 2 cells: must be 1, one for each column");
    }
}
