package dev.cohort.augment;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.PixelRenderer;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Renderer;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;

/**
 * Renders recipes from a copy of the data: crops with zero padding, flips, then mixes with the partners, which are cropped and
 * flipped for their own rows. Integer arithmetic only, so equal recipes and data give equal bits in every process. Immutable and
 * thread-safe.
 */
public final class BatchRenderer implements Renderer {
    private final ImageSet train;
    private final ImageSet validation;
    private final Images testImages;
    private final ImageShape shape;

    public BatchRenderer(ImageData data) {
        train = data.train();
        validation = data.validation();
        testImages = data.test().images();
        shape = data.shape();
    }

    /** Renders the recipe, or uses the pixels of the batch if it has any. */
    @Override
    public Images render(Batch batch, int slot) {
        return batch.pixels().isPresent()
                ? new PixelRenderer(testImages).render(batch, slot)
                : render(batch.recipe(), slot);
    }

    @Override
    public Images validationImages() {
        return validation.count() == 0 ? Renderer.super.validationImages() : validation.images();
    }

    @Override
    public Images testImages() {
        return testImages;
    }

    /**
     * The images of {@code recipe} for the peer in {@code slot}.
     *
     * @throws IllegalArgumentException when the recipe does not fit the data, or has no such slot
     */
    public Images render(Recipe recipe, int slot) {
        Recipe.requireSlot(recipe.views().size(), slot);
        RecipeCheck.requireFits(recipe, recipe.view(slot), shape, train.count());
        Recipe.View view = recipe.view(slot);
        byte[] plain = cropAndFlip(recipe, view);
        byte[] mixed = plain;
        if (recipe.blend().isPresent()) {
            mixed = blend(plain, recipe.partners().get(0), recipe.blend().getAsDouble());
        } else if (!view.boxes().isEmpty()) {
            mixed = paint(plain, recipe, view);
        }
        return new Images(recipe.rows(), shape, ByteBuffer.wrap(mixed));
    }

    private byte[] cropAndFlip(Recipe recipe, Recipe.View view) {
        byte[] out = new byte[recipe.rows() * shape.size()];
        int rowBytes = shape.width() * shape.channels();
        for (int row = 0; row < recipe.rows(); row++) {
            int shiftX = view.cropX().get(row) - recipe.cropPadding();
            int shiftY = view.cropY().get(row) - recipe.cropPadding();
            int firstX = Math.max(0, shiftX);
            int columns = Math.min(shape.width(), shape.width() + shiftX) - firstX;
            int firstY = Math.max(0, -shiftY);
            int lastY = Math.min(shape.height(), shape.height() - shiftY);
            for (int y = firstY; y < lastY && columns > 0; y++) {
                int start = row * shape.size() + y * rowBytes;
                int offset = start + Math.max(0, -shiftX) * shape.channels();
                train.copyRow(recipe.sampleIds().get(row), y + shiftY, firstX, columns, out, offset);
                if (view.flip().get(row) == 1) {
                    mirror(out, start);
                }
            }
        }
        return out;
    }

    /** Reverses the pixels of the image row at {@code start}. */
    private void mirror(byte[] pixels, int start) {
        int channels = shape.channels();
        int left = start;
        int right = start + (shape.width() - 1) * channels;
        while (left < right) {
            for (int channel = 0; channel < channels; channel++) {
                byte swap = pixels[left + channel];
                pixels[left + channel] = pixels[right + channel];
                pixels[right + channel] = swap;
            }
            left += channels;
            right -= channels;
        }
    }

    /** {@code floor(w * own + (1 - w) * partner + 1/2)} in units of 1/65536. */
    private byte[] blend(byte[] plain, Ints partner, double weight) {
        int own = (int) (weight * Recipe.BLEND_UNITS);
        int other = Recipe.BLEND_UNITS - own;
        int size = shape.size();
        byte[] out = new byte[plain.length];
        for (int row = 0; row < partner.size(); row++) {
            int end = (row + 1) * size;
            int toPartner = (partner.get(row) - row) * size;
            for (int i = row * size; i < end; i++) {
                int sum = own * (plain[i] & 0xff) + other * (plain[i + toPartner] & 0xff);
                // Dividing by 2^16 is a shift: the sum is not negative.
                out[i] = (byte) ((sum + Recipe.BLEND_UNITS / 2) >>> 16);
            }
        }
        return out;
    }

    /** Paints into a copy, so that a partner shows its own pixels, never those painted on it. */
    private byte[] paint(byte[] plain, Recipe recipe, Recipe.View view) {
        byte[] out = plain.clone();
        int channels = shape.channels();
        for (int k = 0; k < view.boxes().size(); k++) {
            Box box = view.boxes().get(k);
            Ints partner = recipe.partners().get(k);
            int length = (box.x2() - box.x1()) * channels;
            for (int row = 0; row < recipe.rows(); row++) {
                for (int y = box.y1(); y < box.y2(); y++) {
                    int within = (y * shape.width() + box.x1()) * channels;
                    int from = partner.get(row) * shape.size() + within;
                    System.arraycopy(plain, from, out, row * shape.size() + within, length);
                }
            }
        }
        return out;
    }
}
