package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A peer asks for a slot; repeated until {@link Admitted} answers.
 *
 * @param incarnation which start of this peer, from 1
 * @param model name in the model catalogue
 * @param device where it computes, e.g. {@code cpu} or {@code cuda:0}
 * @param observer whether it only publishes, and is never waited for, averaged or counted
 * @param featureWidth width D of its pooled features
 * @param maps shape [channels, height, width] of one row of each feature map that it can publish, by name
 * @param trainedSteps steps that its weights have been trained on: 0, or the step of its checkpoint
 * @param dataDigest digest of its data; {@link Manifest#dataDigest} in pixel mode
 * @param torchThreads number of threads it computes with
 * @param framework that computes its network, such as {@value #BUILT_IN} or {@code pytorch 2.7.1}
 */
public record Joining(
        PeerId peer,
        long incarnation,
        String model,
        String device,
        boolean observer,
        int featureWidth,
        SortedMap<String, Ints> maps,
        long trainedSteps,
        Digest dataDigest,
        int torchThreads,
        String framework)
        implements Message {
    /** Framework of built-in networks. */
    public static final String BUILT_IN = "djl";

    /** Of a peer with a built-in network, without feature maps. */
    public Joining(
            PeerId peer,
            long incarnation,
            String model,
            String device,
            boolean observer,
            int featureWidth,
            long trainedSteps,
            Digest dataDigest,
            int torchThreads) {
        this(
                peer,
                incarnation,
                model,
                device,
                observer,
                featureWidth,
                new TreeMap<>(),
                trainedSteps,
                dataDigest,
                torchThreads,
                BUILT_IN);
    }

    public Joining {
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.name(model, "model");
        Sayable.name(device, "device");
        Sayable.atLeast(0, featureWidth, "feature width");
        maps = Collections.unmodifiableSortedMap(new TreeMap<>(maps));
        Sayable.count(Limits.DEFAULT.tensorsMax(), maps.keySet(), "feature maps");
        maps.forEach((name, shape) -> {
            Sayable.name(name, "name of a feature map");
            Sayable.mapShape(shape, name);
        });
        Sayable.atLeast(0, trainedSteps, "trained steps");
        Sayable.atLeast(1, torchThreads, "torch threads");
        Sayable.name(framework, "framework");
    }
}
