package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Decodes batches. The constructors check every index against the batch itself; only the renderer can check them against the
 * data.
 */
final class BatchReader {
    private final Checks checks;

    BatchReader(Checks checks) {
        this.checks = checks;
    }

    Batch batch(Wire.Batch b) {
        Optional<List<ByteBuffer>> pixels = b.hasPixels()
                ? Optional.of(b.getPixels().getViewsList().stream()
                        .map(ByteString::asReadOnlyByteBuffer)
                        .toList())
                : Optional.empty();
        return new Batch(
                b.getStep(),
                b.getEpoch(),
                b.getEndsEpoch(),
                labels(b.getLabels()),
                recipe(b.getRecipe()),
                checks.list(b.getDigestsCount(), i -> checks.digest(b.getDigests(i), "digest of the batch")),
                pixels);
    }

    private SoftLabels labels(Wire.SoftLabels l) {
        return new SoftLabels(
                l.getClasses(), checks.list(l.getClassIdsCount(), i -> ints(l.getClassIds(i))), l.getWeightsList());
    }

    private Recipe recipe(Wire.Recipe r) {
        return new Recipe(
                checks.ints(r.getSampleIdsCount(), r::getSampleIds),
                checks.list(r.getPartnersCount(), i -> ints(r.getPartners(i))),
                r.hasBlend() ? OptionalDouble.of(r.getBlend()) : OptionalDouble.empty(),
                r.getCropPadding(),
                checks.list(r.getViewsCount(), i -> view(r.getViews(i))));
    }

    private Recipe.View view(Wire.View v) {
        return new Recipe.View(
                checks.ints(v.getCropXCount(), v::getCropX),
                checks.ints(v.getCropYCount(), v::getCropY),
                checks.ints(v.getFlipCount(), v::getFlip),
                checks.list(v.getBoxesCount(), i -> box(v.getBoxes(i))));
    }

    private static Box box(Wire.Box b) {
        return new Box(b.getX1(), b.getY1(), b.getX2(), b.getY2());
    }

    private Ints ints(Wire.IntList list) {
        return checks.ints(list.getValuesCount(), list::getValues);
    }
}
