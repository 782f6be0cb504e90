package dev.cohort.protocol.wire;

import com.google.protobuf.UnsafeByteOperations;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Ints;

/** Encodes batches. */
final class BatchWriter {
    private BatchWriter() {}

    static Wire.Batch batch(Batch b) {
        Wire.Batch.Builder wire = Wire.Batch.newBuilder()
                .setStep(b.step())
                .setEpoch(b.epoch())
                .setEndsEpoch(b.endsEpoch())
                .setLabels(labels(b.labels()))
                .setRecipe(recipe(b.recipe()));
        b.digests().forEach(digest -> wire.addDigests(WireWriter.bytes(digest)));
        b.pixels().ifPresent(views -> {
            Wire.Pixels.Builder pixels = Wire.Pixels.newBuilder();
            views.forEach(view -> pixels.addViews(UnsafeByteOperations.unsafeWrap(view.duplicate())));
            wire.setPixels(pixels);
        });
        return wire.build();
    }

    private static Wire.SoftLabels labels(SoftLabels l) {
        Wire.SoftLabels.Builder wire =
                Wire.SoftLabels.newBuilder().setClasses(l.classes()).addAllWeights(l.weights());
        l.classIds().forEach(ids -> wire.addClassIds(ints(ids)));
        return wire.build();
    }

    private static Wire.Recipe recipe(Recipe r) {
        Wire.Recipe.Builder wire = Wire.Recipe.newBuilder().setCropPadding(r.cropPadding());
        r.sampleIds().stream().forEach(wire::addSampleIds);
        r.partners().forEach(rows -> wire.addPartners(ints(rows)));
        r.blend().ifPresent(wire::setBlend);
        for (Recipe.View v : r.views()) {
            Wire.View.Builder view = Wire.View.newBuilder();
            v.cropX().stream().forEach(view::addCropX);
            v.cropY().stream().forEach(view::addCropY);
            v.flip().stream().forEach(view::addFlip);
            v.boxes().forEach(box -> view.addBoxes(box(box)));
            wire.addViews(view);
        }
        return wire.build();
    }

    private static Wire.Box box(Box b) {
        return Wire.Box.newBuilder()
                .setX1(b.x1())
                .setY1(b.y1())
                .setX2(b.x2())
                .setY2(b.y2())
                .build();
    }

    private static Wire.IntList ints(Ints values) {
        Wire.IntList.Builder wire = Wire.IntList.newBuilder();
        values.stream().forEach(wire::addValues);
        return wire.build();
    }
}
