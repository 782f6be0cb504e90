package dev.cohort.protocol;

/** Size of one image. */
public record ImageShape(int height, int width, int channels) {
    public ImageShape {
        if (height < 1 || width < 1 || channels < 1) {
            throw new IllegalArgumentException(
                    "image shape " + height + "x" + width + "x" + channels + ": all must be at least 1");
        }
        Sayable.atMost(Limits.DEFAULT.imageSideMax(), height, "image height");
        Sayable.atMost(Limits.DEFAULT.imageSideMax(), width, "image width");
        Sayable.atMost(Limits.DEFAULT.channelsMax(), channels, "image channels");
    }

    /** Values (and uint8 bytes) of one image. */
    public int size() {
        return height * width * channels;
    }
}
