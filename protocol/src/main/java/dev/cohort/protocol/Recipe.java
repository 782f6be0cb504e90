package dev.cohort.protocol;

import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How to render a batch from the data: each row's image is cropped and flipped, then mixed with the images of partner rows, which
 * are cropped and flipped as for their own rows. Integer arithmetic only, so every renderer produces the same bits.
 *
 * @param sampleIds index into the training images, one per row
 * @param partners one permutation of the rows per further source; empty when the batch is not mixed
 * @param blend MixUp: the weight w of the row's own image, a multiple of 1/{@value #BLEND_UNITS}, so that each pixel is
 *     {@code floor(w * own + (1 - w) * partner + 1/2)} exactly, in integers; empty otherwise
 * @param cropPadding zero pixels added around an image before it is cropped back to its size
 * @param views geometry per slot, or a single view shared by all slots
 */
public record Recipe(Ints sampleIds, List<Ints> partners, OptionalDouble blend, int cropPadding, List<View> views) {
    /** Denominator of a blend. */
    public static final int BLEND_UNITS = 1 << 16;

    public Recipe {
        partners = List.copyOf(partners);
        views = List.copyOf(views);
        if (views.isEmpty()) {
            throw new IllegalArgumentException("recipe with 0 views: must have at least 1");
        }
        Limits limits = Limits.DEFAULT;
        Sayable.between(1, limits.rowsMax(), sampleIds.size(), "rows");
        Sayable.indices(sampleIds, 1L << 31, "sample id");
        Sayable.between(0, limits.imageSideMax(), cropPadding, "crop padding");
        Sayable.count(limits.slotsMax(), views, "views");
        Sayable.count(limits.sourcesMax(), partners, "partners");
        for (Ints partner : partners) {
            if (partner.size() != sampleIds.size()) {
                throw new IllegalArgumentException(
                        "partner permutation of " + partner.size() + " rows: must be " + sampleIds.size());
            }
            Sayable.indices(partner, sampleIds.size(), "partner row");
        }
        blend.ifPresent(share -> Sayable.share(share, "blend"));
        if (blend.isPresent() && partners.size() != 1) {
            throw new IllegalArgumentException("blend with " + partners.size() + " partners: must have exactly 1");
        }
        for (View view : views) {
            view.mustFit(sampleIds.size(), cropPadding, partners.size());
        }
    }

    /**
     * Geometry of the batch for one slot, or for all.
     *
     * @param cropX left edge of each row's crop within the padded image, 0..2*cropPadding; empty = not cropped
     * @param cropY top edge of each row's crop, likewise
     * @param flip per row, 1 = mirrored left to right, 0 = not; empty = no row is mirrored
     * @param boxes painted in order, box k from partner k; empty = no boxes
     */
    public record View(Ints cropX, Ints cropY, Ints flip, List<Box> boxes) {
        public View {
            boxes = List.copyOf(boxes);
        }

        private void mustFit(int rows, int cropPadding, int partners) {
            mustBeOnePerRow(cropX, rows, 2L * cropPadding + 1, "crop_x");
            mustBeOnePerRow(cropY, rows, 2L * cropPadding + 1, "crop_y");
            mustBeOnePerRow(flip, rows, 2, "flip");
            if (boxes.size() > partners) {
                throw new IllegalArgumentException(
                        boxes.size() + " boxes for " + partners + " partners: must be at most one for each");
            }
        }

        private static void mustBeOnePerRow(Ints values, int rows, long max, String field) {
            if (values.size() != rows && values.size() != 0) {
                throw new IllegalArgumentException(field + " of " + values.size() + " rows: must be " + rows);
            }
            Sayable.indices(values, max, field);
        }
    }

    /** The view of {@code slot}. */
    public View view(int slot) {
        return views.size() == 1 ? views.get(0) : views.get(slot);
    }

    public int rows() {
        return sampleIds.size();
    }

    /**
     * @param views number of views of a batch; a single view is shared by all slots
     * @throws IllegalArgumentException when {@code slot} has no view
     */
    public static void requireSlot(int views, int slot) {
        if (slot < 0 || (views > 1 && slot >= views)) {
            throw new IllegalArgumentException(
                    "slot " + slot + " of a batch with " + views + " views: must be 0 to " + (views - 1));
        }
    }
}
