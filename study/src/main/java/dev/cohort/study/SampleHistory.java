package dev.cohort.study;

import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Records which peers learned which images, and forgot them again. An image is learned when it is classified correctly for the
 * first time, and forgotten each time it is classified wrongly after it was classified correctly at its previous presentation: a
 * forgetting event of Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural Network Learning", ICLR 2019
 * (arXiv 1812.05159).
 *
 * <p>Memory for N images and m peers: N * m * 2 bits and N * m * 2 bytes, and N * 12 bytes for the first peer. One thread.
 */
public final class SampleHistory {
    private static final int NOBODY = -1;
    private static final int TOGETHER = -2;

    private final int samples;
    private final SortedMap<String, Memory> memories = new TreeMap<>();
    private final List<String> names = new ArrayList<>();
    private final int[] firstBy;
    private final long[] firstStep;

    /** @param samples number of images, which are numbered 0 to samples - 1 */
    SampleHistory(int samples) {
        this.samples = samples;
        firstBy = new int[samples];
        firstStep = new long[samples];
        Arrays.fill(firstBy, NOBODY);
    }

    /** The images of one peer. */
    private static final class Memory {
        final int number;
        final BitSet right = new BitSet();
        final BitSet learned = new BitSet();
        final short[] forgotten;

        Memory(int number, int samples) {
            this.number = number;
            forgotten = new short[samples];
        }
    }

    /** Takes in that an image was presented to a peer; presentations of an image must be added in the order of their steps. */
    void presented(long step, String peer, int sample, boolean right) {
        Memory memory = memories.computeIfAbsent(peer, p -> {
            names.add(p);
            return new Memory(names.size() - 1, samples);
        });
        if (memory.right.get(sample) && !right && memory.forgotten[sample] < Short.MAX_VALUE) {
            memory.forgotten[sample]++;
        }
        memory.right.set(sample, right);
        if (right) {
            memory.learned.set(sample);
            if (firstBy[sample] == NOBODY) {
                firstBy[sample] = memory.number;
                firstStep[sample] = step;
            } else if (firstStep[sample] == step && firstBy[sample] != memory.number) {
                firstBy[sample] = TOGETHER;
            }
        }
    }

    /**
     * The history of one peer.
     *
     * @param learned images that it ever classified correctly
     * @param unforgettable learned images that it never forgot
     * @param right images that it classified correctly at their last presentation
     * @param forgettings all events
     * @param first images that it classified correctly before all other peers
     * @param byEvents number of learned images by how often they were forgotten: index 0 never, the last index that often or more
     */
    public record Peer(
            String name,
            int learned,
            int unforgettable,
            int right,
            long forgettings,
            int first,
            List<Integer> byEvents) {}

    /**
     * The history of one image.
     *
     * @param forgettings events of all peers
     * @param rightNow number of peers that classified it correctly at its last presentation
     * @param firstStep at which a peer first classified it correctly; empty if none ever did
     * @param firstBy that peer; "several" if more than one in the same step, "nobody" if none
     */
    public record Sample(int sample, long forgettings, int rightNow, OptionalLong firstStep, String firstBy) {}

    /** Number of images. */
    public int samples() {
        return samples;
    }

    /** Whether anything was presented. */
    public boolean empty() {
        return memories.isEmpty();
    }

    /** Images that no peer ever classified correctly. */
    public int neverLearned() {
        return (int) IntStream.of(firstBy).filter(by -> by == NOBODY).count();
    }

    /** Images that several peers first classified correctly in the same step. */
    public int firstTogether() {
        return (int) IntStream.of(firstBy).filter(by -> by == TOGETHER).count();
    }

    /** @param events largest number of events that {@link Peer#byEvents} tells apart; it has one element more */
    public List<Peer> peers(int events) {
        List<Peer> peers = new ArrayList<>();
        memories.forEach((name, memory) -> {
            int[] byEvents = new int[events + 1];
            long all = 0;
            for (int i = memory.learned.nextSetBit(0); i >= 0; i = memory.learned.nextSetBit(i + 1)) {
                byEvents[Math.min(events, memory.forgotten[i])]++;
                all += memory.forgotten[i];
            }
            peers.add(new Peer(
                    name,
                    memory.learned.cardinality(),
                    byEvents[0],
                    memory.right.cardinality(),
                    all,
                    (int) IntStream.of(firstBy)
                            .filter(by -> by == memory.number)
                            .count(),
                    Ints.of(byEvents).stream().boxed().toList()));
        });
        return Collections.unmodifiableList(peers);
    }

    /** The images with most forgetting events of all peers, at most {@code count}; of equals, the smaller index first. */
    public List<Sample> mostForgotten(int count) {
        return IntStream.range(0, samples)
                .mapToObj(this::sample)
                .filter(sample -> sample.forgettings() > 0)
                .sorted(Comparator.comparingLong(Sample::forgettings).reversed().thenComparingInt(Sample::sample))
                .limit(count)
                .toList();
    }

    /** The history of one image. */
    public Sample sample(int sample) {
        Collection<Memory> all = memories.values();
        return new Sample(
                sample,
                all.stream().mapToLong(memory -> memory.forgotten[sample]).sum(),
                (int) all.stream().filter(memory -> memory.right.get(sample)).count(),
                firstBy[sample] == NOBODY ? OptionalLong.empty() : OptionalLong.of(firstStep[sample]),
                switch (firstBy[sample]) {
                    case NOBODY -> "nobody";
                    case TOGETHER -> "several";
                    default -> names.get(firstBy[sample]);
                });
    }
}
