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
        byte[] pixels = new byte[PeerFixture.ROWS * PeerFixture.IMAGE.size()];
        new Random(100 * batch.step() + slot).nextBytes(pixels);
        return new Images(PeerFixture.ROWS, PeerFixture.IMAGE, ByteBuffer.wrap(pixels));
    }

    @Override
    public Images validationImages() {
        return new Images(1, PeerFixture.IMAGE, ByteBuffer.wrap(new byte[] {9, 1, 7, 3}));
    }

    @Override
    public Images testImages() {
        return new Images(2, PeerFixture.IMAGE, ByteBuffer.allocate(2 * PeerFixture.IMAGE.size()));
    }
}
