package dev.cohort.peer;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Renderer;
import java.nio.ByteBuffer;
import java.util.Random;

/** Images that depend on the step and the slot. */
final class Pictures implements Renderer {
    @Override
    public Images render(Batch batch, int slot) {
        byte[] pixels = new byte[PeerTest.ROWS * PeerTest.IMAGE.size()];
        new Random(100 * batch.step() + slot).nextBytes(pixels);
        return new Images(PeerTest.ROWS, PeerTest.IMAGE, ByteBuffer.wrap(pixels));
    }

    @Override
    public Images validationImages() {
        return new Images(1, PeerTest.IMAGE, ByteBuffer.wrap(new byte[] {9, 1, 7, 3}));
    }

    @Override
    public Images testImages() {
        return new Images(2, PeerTest.IMAGE, ByteBuffer.allocate(2 * PeerTest.IMAGE.size()));
    }
}
