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
 * Which images were learned, and forgotten again, by whom. An image is learned when it is classified rightly for the first time,
 * and forgotten each time it is classified wrongly after it was classified rightly at the presentation before: a forgetting
 * event of Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural Network Learning", ICLR 2019 (arXiv
 * 1812.05159).
 *
 * <p>Memory for N images and m peers: N * m * 2 bits and N * m * 2 bytes, and N * 12 bytes for who came first. One thread.
 */
public final class SampleHistory {
    private static final int NOBODY = -1;
    private static final int TOGETHER = -2;

    private final int samples;
    private final SortedMap<String, Memory> memories = new TreeMap<>();
    private final List<String> names = new ArrayList<>();
    private final int[] firstBy;
    private final long[] firstStep;

    /** @param samples images, 0 to samples - 1 */
    SampleHistory(int samples) {
        this.samples = samples;
        firstBy = new int[samples];
        firstStep = new long[samples];
        Arrays.fill(firstBy, NOBODY);
    }

    /** What one peer did. */
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

    /** An image was presented to a peer. Presentations of an image come in the order of their steps. */
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
     * What came of one peer.
     *
     * @param learned images that it ever had right
     * @param unforgettable of those, images that it never forgot
     * @param right images that it had right at the last presentation
     * @param forgettings all events
     * @param first images that it had right before all others
     * @param byEvents images by how often they were forgotten, of those it learned: index 0 never, the last one that often and more
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
     * An image that is forgotten often.
     *
     * @param forgettings events of all peers
     * @param rightNow by how many it was right at the last presentation
     * @param firstStep at which anybody had it right; empty when nobody ever did
     * @param firstBy who had; "several" when more than one in the same step
     */
    public record Sample(int sample, long forgettings, int rightNow, OptionalLong firstStep, String firstBy) {}

    /** Images there are. */
    public int samples() {
        return samples;
    }

    /** Whether anything was presented. */
    public boolean empty() {
        return memories.isEmpty();
    }

    /** Images that nobody ever had right. */
    public int neverLearned() {
        return (int) IntStream.of(firstBy).filter(by -> by == NOBODY).count();
    }

    /** Images that several peers had right in the same step, and nobody before. */
    public int firstTogether() {
        return (int) IntStream.of(firstBy).filter(by -> by == TOGETHER).count();
    }

    /** @param events longest count that has a place of its own, less one */
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

    /** The images that were forgotten most often by all together, at most {@code count}; the smaller index first of equals. */
    public List<Sample> mostForgotten(int count) {
        return IntStream.range(0, samples)
                .mapToObj(this::sample)
                .filter(sample -> sample.forgettings() > 0)
                .sorted(Comparator.comparingLong(Sample::forgettings).reversed().thenComparingInt(Sample::sample))
                .limit(count)
                .toList();
    }

    /** What became of one image. */
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
