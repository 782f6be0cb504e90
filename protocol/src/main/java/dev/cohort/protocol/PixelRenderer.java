package dev.cohort.protocol;

import java.nio.ByteBuffer;
import java.util.List;

/** Takes the images from the batch (pixel mode), for a peer without a copy of the data. */
public final class PixelRenderer implements Renderer {
    private final Images testImages;

    /** @param testImages of the same size as the training images */
    public PixelRenderer(Images testImages) {
        this.testImages = testImages;
    }

    /**
     * The pixels of the batch; nothing is copied.
     *
     * @throws IllegalArgumentException when the batch has no pixels, no such slot, or a wrong number of pixels
     */
    @Override
    public Images render(Batch batch, int slot) {
        List<ByteBuffer> views = batch.pixels()
                .orElseThrow(() -> new IllegalArgumentException("batch of step " + batch.step()
                        + " has no pixels: set data.mode to pixels, or data.path on this machine"));
        Recipe.requireSlot(views.size(), slot);
        return new Images(batch.rows(), testImages.shape(), views.get(views.size() == 1 ? 0 : slot));
    }

    @Override
    public Images testImages() {
        return testImages;
    }
}
