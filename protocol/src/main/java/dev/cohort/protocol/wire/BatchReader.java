package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Batches from the wire. Everything a renderer uses as an index is checked here against the batch itself; against the data only
 * the renderer can check it.
 */
final class BatchReader {
    private final Checks checks;
    private final Limits limits;

    BatchReader(Checks checks) {
        this.checks = checks;
        this.limits = checks.limits();
    }

    Batch batch(Wire.Batch b) {
        Recipe recipe = recipe(b.getRecipe());
        Optional<List<ByteBuffer>> pixels = Optional.empty();
        if (b.hasPixels()) {
            if (b.getPixels().getViewsCount() != recipe.views().size()) {
                throw new Refusal(
                        Reason.BAD_VALUE,
                        "pixels of " + b.getPixels().getViewsCount() + " views: the recipe has "
                                + recipe.views().size());
            }
            pixels = Optional.of(b.getPixels().getViewsList().stream()
                    .map(ByteString::asReadOnlyByteBuffer)
                    .toList());
        }
        return new Batch(
                checks.atLeast(1, b.getStep(), "step"),
                checks.atLeast(0, b.getEpoch(), "epoch"),
                b.getEndsEpoch(),
                labels(b.getLabels(), recipe.rows()),
                recipe,
                checks.list(
                        b.getDigestsCount(),
                        limits.slotsMax(),
                        i -> checks.digest(b.getDigests(i), "digest of the batch"),
                        "digests"),
                pixels);
    }

    private SoftLabels labels(Wire.SoftLabels l, int rows) {
        int classes = checks.atMost(limits.classesMax(), checks.atLeast(1, l.getClasses(), "classes"), "classes");
        if ((long) rows * classes > limits.labelCellsMax()) {
            throw new Refusal(
                    Reason.OVERSIZED,
                    rows + " rows of " + classes + " classes: must be at most " + limits.labelCellsMax() + " cells");
        }
        l.getWeightsList().forEach(weight -> checks.notNegative(weight, "label weight"));
        return new SoftLabels(
                classes,
                checks.list(
                        l.getClassIdsCount(),
                        limits.sourcesMax() + 1,
                        i -> indices(l.getClassIds(i), classes, "class id"),
                        "label sources"),
                l.getWeightsList());
    }

    private Recipe recipe(Wire.Recipe r) {
        int rows = checks.atMost(limits.rowsMax(), checks.atLeast(1, r.getSampleIdsCount(), "rows"), "rows");
        int padding = checks.atMost(
                limits.imageSideMax(), checks.atLeast(0, r.getCropPadding(), "crop padding"), "crop padding");
        List<Ints> partners = checks.list(
                r.getPartnersCount(),
                limits.sourcesMax(),
                i -> indices(r.getPartners(i), rows, "partner row"),
                "partners");
        OptionalDouble blend =
                r.hasBlend() ? OptionalDouble.of(checks.share(r.getBlend(), "blend")) : OptionalDouble.empty();
        return new Recipe(
                checks.indices(r.getSampleIdsCount(), r::getSampleIds, 1L << 31, "sample id"),
                partners,
                blend,
                padding,
                checks.list(
                        r.getViewsCount(),
                        limits.slotsMax(),
                        i -> view(r.getViews(i), rows, padding, partners.size()),
                        "views"));
    }

    private Recipe.View view(Wire.View v, int rows, int padding, int partners) {
        atMostARow(v.getCropXCount(), rows, "crop_x");
        atMostARow(v.getCropYCount(), rows, "crop_y");
        atMostARow(v.getFlipCount(), rows, "flip");
        if (v.getBoxesCount() > partners) {
            throw new Refusal(
                    Reason.BAD_VALUE,
                    v.getBoxesCount() + " boxes of " + partners + " partners: must be at most one each");
        }
        return new Recipe.View(
                checks.indices(v.getCropXCount(), v::getCropX, 2L * padding + 1, "crop_x"),
                checks.indices(v.getCropYCount(), v::getCropY, 2L * padding + 1, "crop_y"),
                checks.indices(v.getFlipCount(), v::getFlip, 2, "flip"),
                checks.list(v.getBoxesCount(), limits.sourcesMax(), i -> box(v.getBoxes(i)), "boxes"));
    }

    private static void atMostARow(int count, int rows, String field) {
        if (count != rows && count != 0) {
            throw new Refusal(Reason.BAD_VALUE, field + " of " + count + " rows in a batch of " + rows);
        }
    }

    private Box box(Wire.Box b) {
        checks.atMost(limits.imageSideMax(), b.getX2(), "right edge of a box");
        checks.atMost(limits.imageSideMax(), b.getY2(), "bottom edge of a box");
        return new Box(b.getX1(), b.getY1(), b.getX2(), b.getY2());
    }

    private Ints indices(Wire.IntList list, long max, String field) {
        return checks.indices(list.getValuesCount(), list::getValues, max, field);
    }
}
