package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * One line of {@link Pairs}: {@code PEERS TENSOR LOSS [WEIGHT]}, for example {@code p1+p2 logits dml 1.0} or {@code all map/last l2
 * 0.5}. PEERS are two or more ids, joined by +, of which each two are a pair, or {@code all}. Without a weight it is 1.
 *
 * @param peers at least two; none stands for all
 */
record PairEntry(List<PeerId> peers, String tensor, PairLoss loss, double weight) {
    private static final String ALL = "all";
    /** Entries of an experiment; each is a figure of every outcome. */
    private static final int ENTRIES_MAX = 64;

    private static final String PEERS_WORDS = "all, or two or more different ids of peers joined by +, such as p1+p2";
    private static final Pattern MAP_NAME = Pattern.compile(Pattern.quote(TensorName.MAP) + "[A-Za-z0-9._-]{1,64}");

    /** All entries in words, to follow "must be". */
    static final String FORM = "up to " + ENTRIES_MAX
            + " entries PEERS TENSOR LOSS [WEIGHT], as a list or separated by ;"
            + " (PEERS: all, or ids joined by +; TENSOR: logits, features or map/NAME; LOSS: " + PairLoss.words() + ")";

    PairEntry {
        peers = List.copyOf(peers);
    }

    /** The entries of a setting that has no {@link #note problems}. */
    static List<PairEntry> all(String setting) {
        return texts(setting).stream().map(PairEntry::of).toList();
    }

    private static List<String> texts(String setting) {
        List<String> texts = new ArrayList<>();
        for (String text : setting.split(";", -1)) {
            texts.add(text.strip());
        }
        return texts;
    }

    private static PairEntry of(String text) {
        String[] words = words(text);
        List<PeerId> peers = new ArrayList<>();
        if (!words[0].equals(ALL)) {
            for (String id : ids(words[0])) {
                peers.add(new PeerId(id));
            }
        }
        PairLoss loss = PairLoss.find(words[2])
                .orElseThrow(() -> new IllegalArgumentException(text + ": must be PEERS TENSOR LOSS [WEIGHT]"));
        return new PairEntry(peers, words[1], loss, words.length > 3 ? Double.parseDouble(words[3]) : 1);
    }

    /** Whether one of its pairs may have this peer. */
    boolean concerns(PeerId peer) {
        return peers.isEmpty() || peers.contains(peer);
    }

    /** Notes every entry that is not of the form, with what it must be. */
    static void note(String setting, Problems problems, String path) {
        List<String> texts = texts(setting);
        problems.require(texts.size() <= ENTRIES_MAX, path, texts.size() + " entries", "at most " + ENTRIES_MAX);
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            String where = path + "." + i;
            objection(text).ifPresent(why -> problems.add(where, (text.isEmpty() ? "empty" : text) + ": " + why));
        }
    }

    private static Optional<String> objection(String text) {
        String[] words = words(text);
        if (words.length < 3 || words.length > 4) {
            return Optional.of("must be PEERS TENSOR LOSS [WEIGHT], such as p1+p2 logits dml 1.0");
        }
        String tensor = words[1];
        Optional<PairLoss> loss = PairLoss.find(words[2]);
        if (!words[0].equals(ALL) && !arePeers(ids(words[0]))) {
            return Optional.of("peers " + words[0] + ": must be " + PEERS_WORDS);
        }
        if (!List.of(TensorName.LOGITS, TensorName.FEATURES).contains(tensor)
                && !MAP_NAME.matcher(tensor).matches()) {
            return Optional.of("tensor " + tensor + ": must be logits, features or map/NAME, such as map/last");
        }
        if (loss.filter(known -> known.compares(tensor)).isEmpty()) {
            return Optional.of("loss " + words[2] + " of " + tensor + ": must be one of " + PairLoss.words());
        }
        MethodParameter.Range weight = MethodParameter.Range.FACTOR;
        return words.length < 4 || weight.allows(words[3])
                ? Optional.empty()
                : Optional.of("weight " + words[3] + ": must be " + weight);
    }

    private static boolean arePeers(List<String> ids) {
        return ids.size() >= 2
                && new TreeSet<>(ids).size() == ids.size()
                && ids.stream().allMatch(id -> PeerId.FORM.matcher(id).matches());
    }

    /** Notes every peer of valid entries that does not contribute to the teacher. */
    static void notePeers(String setting, Experiment experiment, Problems problems, String path) {
        List<String> known = experiment.contributors().stream()
                .map(peer -> peer.id().value())
                .toList();
        List<String> texts = texts(setting);
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            if (objection(text).isEmpty()) {
                String where = path + "." + i;
                of(text).peers().stream()
                        .filter(peer -> !known.contains(peer.value()))
                        .forEach(peer -> problems.add(
                                where,
                                text + ": peer " + peer + ": must be one of " + String.join(", ", known)
                                        + ", the peers without control, or all"));
            }
        }
    }

    private static String[] words(String text) {
        return text.split("\\s+");
    }

    private static List<String> ids(String peers) {
        return List.of(peers.split("\\+", -1));
    }

    /** As in an experiment. */
    @Override
    public String toString() {
        String who = peers.isEmpty()
                ? ALL
                : String.join("+", peers.stream().map(PeerId::value).toList());
        return who + " " + tensor + " " + loss + " " + weight;
    }
}
