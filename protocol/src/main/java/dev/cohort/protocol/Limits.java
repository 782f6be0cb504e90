package dev.cohort.protocol;

/**
 * Limits of messages. Readers refuse a record that exceeds them, and constructors refuse to build such a message. Each limit is
 * far above what a run needs, and low enough that no record, however it was made, costs a reader more memory than a small
 * multiple of {@code messageBytesMax}.
 *
 * @param messageBytesMax bytes of one record; {@code max.message.bytes} of the topics must be at least as large
 * @param fieldsMax encoded fields in one record: two bytes on the wire can become an object of fifty bytes in memory
 * @param nestingMax depth of nested messages in one record
 * @param packedBytesMax bytes of all packed integers in one record: one byte on the wire becomes an int
 * @param nameCharsMax characters of an id, a name or a reason
 * @param textCharsMax characters of the experiment in a manifest
 * @param rowsMax rows of a batch
 * @param classesMax classes of a data set
 * @param labelCellsMax rows times classes: dense labels take eight bytes for each
 * @param imageSideMax height or width of an image in pixels; also bounds the crop padding. Squared and times
 *     {@code channelsMax} it must fit an int
 * @param channelsMax channels of an image
 * @param rankMax dimensions of a tensor
 * @param tensorsMax tensors in one message
 * @param slotsMax slots of a run, thus views of a recipe, contributors and addressed parts of an outcome
 * @param sourcesMax images mixed into one row, and boxes of a view
 * @param termsMax terms of a target
 * @param figuresMax numbers in one term of figures
 * @param mapBytesMax bytes of one feature map or of its gradient, all pieces together
 * @param pieceBytesMax bytes of a feature map in one record
 * @param generationsMax length of a chain of forks in one manifest; each fork takes two levels of nesting
 */
public record Limits(
        int messageBytesMax,
        int fieldsMax,
        int nestingMax,
        int packedBytesMax,
        int nameCharsMax,
        int textCharsMax,
        int rowsMax,
        int classesMax,
        long labelCellsMax,
        int imageSideMax,
        int channelsMax,
        int rankMax,
        int tensorsMax,
        int slotsMax,
        int sourcesMax,
        int termsMax,
        int figuresMax,
        int mapBytesMax,
        int pieceBytesMax,
        int generationsMax) {

    /**
     * The largest known message is an evaluation: 10,000 test images with 100 logits and 512 features in binary32 are 24.5 MB.
     * Test labels of ImageNet (50,000) are 100 KB packed; its 21,841 classes in a batch of 256 are 5.6 million label cells.
     */
    public static final Limits DEFAULT = new Limits(
            32 << 20, 50_000, 80, 4 << 20, 512, 1 << 20, 65_536, 100_000, 1 << 23, 4_096, 64, 8, 4_096, 256, 64, 256,
            1_024, 64 << 20, 1 << 20, 32);

    public Limits {
        long least = Math.min(messageBytesMax, fieldsMax);
        for (long limit : new long[] {
            nestingMax,
            packedBytesMax,
            nameCharsMax,
            textCharsMax,
            rowsMax,
            classesMax,
            labelCellsMax,
            imageSideMax,
            channelsMax,
            rankMax,
            tensorsMax,
            slotsMax,
            sourcesMax,
            termsMax,
            figuresMax,
            mapBytesMax,
            pieceBytesMax,
            generationsMax
        }) {
            least = Math.min(least, limit);
        }
        if (least < 1) {
            throw new IllegalArgumentException("wire limit " + least + ": all must be at least 1");
        }
    }

    /** These limits with another {@code messageBytesMax}. */
    public Limits withMessageBytesMax(int bytes) {
        return new Limits(
                bytes,
                fieldsMax,
                nestingMax,
                packedBytesMax,
                nameCharsMax,
                textCharsMax,
                rowsMax,
                classesMax,
                labelCellsMax,
                imageSideMax,
                channelsMax,
                rankMax,
                tensorsMax,
                slotsMax,
                sourcesMax,
                termsMax,
                figuresMax,
                mapBytesMax,
                pieceBytesMax,
                generationsMax);
    }
}
