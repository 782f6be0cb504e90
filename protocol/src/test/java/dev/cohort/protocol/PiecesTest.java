package dev.cohort.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PiecesTest {
    private static final PeerId P1 = new PeerId("p1");
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** 2.5 MiB: three pieces. */
    private final Tensor map = random(10, 64, 32, 32);

    private final TensorReference reference = TensorReference.of(map);
    private final List<TensorPiece> pieces = split(map);

    private static Tensor random(int... shape) {
        int size = 1;
        for (int length : shape) {
            size *= length;
        }
        return Tensor.of(DType.FLOAT32, new Random(size).doubles(size, -1, 1).toArray(), shape);
    }

    private static List<TensorPiece> split(Tensor tensor) {
        return TensorPiece.of(3, 0, P1, 1, TensorPiece.Use.MAP, tensor, TensorReference.of(tensor));
    }

    @Test
    void piecesFitARecordAndHaveEveryByteOnce() {
        assertThat(pieces).hasSize(3);
        assertThat(pieces).extracting(p -> p.bytes().remaining()).containsExactly(1 << 20, 1 << 20, 1 << 19);
        assertThat(reference.bytes()).isEqualTo(5 << 19);
    }

    @Test
    void joinsInAnyOrderAndOnceEachPieceIsThere() {
        List<TensorPiece> shuffled = new ArrayList<>(pieces);
        Collections.shuffle(shuffled, new Random(2));
        Pieces joined = new Pieces(NO_LIMIT);

        for (TensorPiece piece : shuffled) {
            assertThat(joined.join(reference)).isEmpty();
            assertThat(joined.add(piece)).isTrue();
            assertThat(joined.add(piece)).isFalse();
        }

        assertThat(joined.whole(reference)).contains(map);
    }

    @Test
    void tensorsOfOneStepDoNotMix() {
        Tensor other = random(10, 16, 64, 32);
        Pieces joined = new Pieces(NO_LIMIT);
        split(other).forEach(joined::add);
        pieces.forEach(joined::add);

        assertThat(joined.whole(reference)).contains(map);
        assertThat(joined.whole(TensorReference.of(other))).contains(other);
    }

    @Test
    void aWrongPieceBreaksItsSplitAloneAndIsNamed() {
        TensorPiece second = pieces.get(1);
        ByteBuffer damaged = ByteBuffer.allocate(second.bytes().remaining()).put(second.bytes());
        damaged.put(7, (byte) (damaged.get(7) + 1)).flip();
        Pieces joined = new Pieces(NO_LIMIT);
        joined.add(pieces.get(0));
        joined.add(with(second, damaged, second.count()));
        joined.add(pieces.get(2));

        assertThat(joined.join(reference).orElseThrow()).isInstanceOfSatisfying(Pieces.Broken.class, broken -> {
            assertThat(broken.why()).startsWith("its pieces have the digest ").contains("must be ");
        });
        assertThat(joined.whole(reference)).isEmpty();

        joined.add(with(pieces.get(0), map.bytes().slice(0, 1 << 20), 4));
        assertThat(joined.whole(reference)).isEmpty();
    }

    private static TensorPiece with(TensorPiece piece, ByteBuffer bytes, int count) {
        return new TensorPiece(
                piece.step(),
                piece.part(),
                piece.peer(),
                piece.slot(),
                piece.use(),
                piece.tensor(),
                piece.index(),
                count,
                bytes);
    }

    @Test
    void tooFewBytesAreBroken() {
        Pieces joined = new Pieces(NO_LIMIT);
        joined.add(with(pieces.get(0), ByteBuffer.allocate(4), 1));

        assertThat(joined.join(reference))
                .contains(new Pieces.Broken("its pieces have 4 bytes, must be " + reference.bytes()));
    }

    @Test
    void dropsWhatExceedsItsLimit() {
        Pieces joined = new Pieces(2 << 20);

        assertThat(joined.add(pieces.get(0))).isTrue();
        assertThat(joined.add(pieces.get(1))).isTrue();
        assertThat(joined.add(pieces.get(2))).isFalse();
    }

    @Test
    void whatNoReaderAcceptsCannotBeBuilt() {
        TensorPiece piece = pieces.get(0);
        assertThatThrownBy(() -> with(piece, ByteBuffer.allocate((1 << 20) + 1), 3))
                .isInstanceOf(Unsayable.class)
                .hasMessage("bytes of a piece 1048577: must be at most 1048576");
        assertThatThrownBy(() -> with(piece, ByteBuffer.allocate(0), 3)).isInstanceOf(Unsayable.class);
        assertThatThrownBy(() -> with(piece, ByteBuffer.allocate(1), 0)).isInstanceOf(Unsayable.class);
        Digest any = Digest.of(ByteBuffer.allocate(1));
        assertThatThrownBy(() -> new TensorReference(DType.FLOAT64, Ints.of(1 << 30, 1 << 30, 1 << 30), any))
                .isInstanceOf(Unsayable.class)
                .hasMessageStartingWith("bytes of a tensor in pieces ")
                .hasMessageEndingWith(": must be at most 67108864");
        assertThatThrownBy(() -> new TensorReference(DType.FLOAT32, Ints.of(2, 0), any))
                .hasMessage("length of a tensor in pieces 0: must be at least 1");
    }

    @Test
    void gradientsOfMapsTravelInPiecesAndComeBackAsTheyWere() {
        List<Term> terms = List.of(
                new Term.CrossEntropy("labels", 0.5),
                new Term.LeafGradient("fusion", "map/last", map),
                new Term.LeafGradient("mutual", TensorName.FEATURES, random(10, 4)));

        MapGradients.Parcel parcel = MapGradients.parcel(3, 0, P1, 1, terms);

        assertThat(parcel.pieces()).hasSize(3).allMatch(p -> p.use() == TensorPiece.Use.GRADIENT);
        assertThat(parcel.addressed().terms())
                .containsExactly(terms.get(0), new Term.MapGradient("fusion", "map/last", reference), terms.get(2));
        Pieces read = new Pieces(NO_LIMIT);
        parcel.pieces().subList(0, 2).forEach(read::add);
        assertThat(MapGradients.joined(parcel.addressed().terms(), read)).isEmpty();
        read.add(parcel.pieces().get(2));
        assertThat(MapGradients.joined(parcel.addressed().terms(), read)).contains(terms);
    }

    @Test
    void aPredictionIsNamedByItsTensorsAndItsMaps() {
        NamedTensors tensors = NamedTensors.of(TensorName.LOGITS, random(10, 3));
        SortedMap<String, TensorReference> maps = new TreeMap<>();
        Digest without = Prediction.digest(tensors, maps);
        maps.put("map/last", reference);
        Digest with = Prediction.digest(tensors, maps);
        maps.put("map/last", TensorReference.of(random(10, 16, 64, 32)));

        assertThat(without).isEqualTo(tensors.digest()).isNotEqualTo(with);
        assertThat(Prediction.digest(tensors, maps)).isNotEqualTo(with);
    }
}
