package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.Draws.Purpose;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CutsTest {
    private static final ImageShape SHAPE = new ImageShape(12, 16, 3);

    @Test
    void anUnclippedBoxHasTheEvenSizeOfCutMixWhereverItLies() {
        Draws draws = Draws.of(1, Purpose.BOXES, 0, 0);
        for (int i = 0; i < 2000; i++) {
            double keep = draws.unit();
            Box box = Cuts.unclipped(SHAPE, keep, draws);
            Box centred = Cuts.around(SHAPE, keep, 8, 6);

            assertThat(box.x2()).isLessThanOrEqualTo(16);
            assertThat(box.y2()).isLessThanOrEqualTo(12);
            assertThat(box.x2() - box.x1()).isEqualTo(centred.x2() - centred.x1());
            assertThat(box.y2() - box.y1()).isEqualTo(centred.y2() - centred.y1());
        }
    }

    @Test
    void anUnclippedBoxComesToEveryPlace() {
        Draws draws = Draws.of(1, Purpose.BOXES, 0, 0);
        List<Integer> corners = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            Box box = Cuts.unclipped(SHAPE, 0.75, draws);
            corners.add(box.y1() * 16 + box.x1());
        }

        // A box of 8x6 has 9x7 places.
        assertThat(corners.stream().distinct().count()).isEqualTo(63);
    }

    @Test
    void everythingOrNothingMayBeCut() {
        Draws draws = Draws.of(1, Purpose.BOXES, 0, 0);

        assertThat(Cuts.unclipped(SHAPE, 0, draws)).isEqualTo(new Box(0, 0, 16, 12));
        assertThat(Cuts.unclipped(SHAPE, 1, draws).area()).isZero();
        assertThat(Cuts.clipped(SHAPE, 1, draws).area()).isZero();
        assertThat(Cuts.weights(SHAPE, List.of(new Box(0, 0, 16, 12)))).containsExactly(0.0, 1.0);
    }

    @Test
    void givesHiddenBoxesNoWeight() {
        List<Box> boxes = List.of(new Box(2, 2, 4, 4), new Box(0, 0, 8, 6));

        assertThat(Cuts.weights(SHAPE, boxes)).containsExactly(0.75, 0.0, 0.25);
    }
}
