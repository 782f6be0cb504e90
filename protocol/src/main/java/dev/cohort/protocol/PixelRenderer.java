package dev.cohort.protocol;

import java.nio.ByteBuffer;
import java.util.List;

/** Pixel mode: unpacks the images that came with the batch. For a peer without a copy of the data. */
public final class PixelRenderer implements Renderer {
    private final Images testImages;

    /** @param testImages also tells the size of the training images */
    public PixelRenderer(Images testImages) {
        this.testImages = testImages;
    }

    /**
     * The pixels of the batch; nothing is copied.
     *
     * @throws IllegalArgumentException when it has none, has no such slot, or their number is wrong
     */
    @Override
    public Images render(Batch batch, int slot) {
        List<ByteBuffer> views = batch.pixels()
                .orElseThrow(() -> new IllegalArgumentException("batch of step " + batch.step()
                        + " came without pixels: set data.mode to pixels, or data.path on this machine"));
        Recipe.requireSlot(views.size(), slot);
        return new Images(batch.rows(), testImages.shape(), views.get(views.size() == 1 ? 0 : slot));
    }

    @Override
    public Images testImages() {
        return testImages;
    }
}
