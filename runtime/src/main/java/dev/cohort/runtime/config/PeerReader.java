package dev.cohort.runtime.config;

import dev.cohort.experiment.Experiment.Peer;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Reads the peers of an experiment. Whether a model exists is checked by the model catalogue, which this module does not see. */
final class PeerReader {
    private static final Pattern DEVICE = Pattern.compile("auto|cpu|mps|(cuda|xpu):[0-9]{1,3}");
    private static final long FEATURE_WIDTH_MAX = 1 << 20;
    private static final String MAP_FORM = "[^ =]+=[0-9]{1,6}x[0-9]{1,6}x[0-9]{1,6}";
    private static final Pattern MAPS = Pattern.compile(MAP_FORM + "( " + MAP_FORM + ")*");
    private static final String MAPS_WORDS = "the shapes of feature maps as they are measured, such as map/last=64x8x8";
    /** Files and metrics of a run are named after its processes. */
    private static final Set<String> ROLES =
            new TreeSet<>(List.of("augmenter", "broker", "coordinator", "launcher", "proxy"));

    private final Problems problems;
    private final long runSeed;
    private final Set<PeerId> ids = new TreeSet<>();

    private PeerReader(long runSeed, Problems problems) {
        this.runSeed = runSeed;
        this.problems = problems;
    }

    /** The values under one peer; the missing ones follow from its place in the list. */
    private record Draft(
            Section at,
            Optional<PeerId> id,
            Optional<String> model,
            String device,
            OptionalLong seed,
            boolean control,
            OwnNetwork own) {}

    static List<Peer> read(Section root, long runSeed, Problems problems) {
        return new PeerReader(runSeed, problems).peers(root);
    }

    private List<Peer> peers(Section root) {
        List<Draft> drafts = root.sections("peers").stream().map(this::draft).toList();
        long controls = drafts.stream().filter(Draft::control).count();
        problems.require(
                drafts.size() > controls,
                "peers",
                drafts.isEmpty() ? "none" : "none but control",
                "at least 1 that is not control");
        problems.require(controls <= 1, "peers", controls + " with control: true", "at most 1");
        List<Peer> peers = new ArrayList<>();
        for (int index = 0; index < drafts.size(); index++) {
            finish(drafts, index).ifPresent(peers::add);
        }
        return peers;
    }

    private Draft draft(Section s) {
        Draft draft = new Draft(
                s,
                id(s),
                s.text("model"),
                s.text("device", DEVICE, "auto, cpu, cuda:N, mps or xpu:N, for example cuda:0")
                        .orElse("auto"),
                s.wholeIfPresent("seed", Long.MIN_VALUE, Long.MAX_VALUE),
                s.flag("control", false),
                own(s));
        s.close();
        return draft;
    }

    private static OwnNetwork own(Section s) {
        return new OwnNetwork(
                s.text("python"),
                s.flag("pretrained", false),
                s.text("weights"),
                s.wholeIfPresent("feature_width", 1, FEATURE_WIDTH_MAX).stream()
                        .mapToInt(width -> (int) width)
                        .findFirst(),
                maps(s.text("maps", MAPS, MAPS_WORDS).orElse("")));
    }

    private static SortedMap<String, Ints> maps(String text) {
        SortedMap<String, Ints> maps = new TreeMap<>();
        for (String map : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            int equals = map.indexOf('=');
            maps.put(
                    map.substring(0, equals),
                    Ints.of(Arrays.stream(map.substring(equals + 1).split("x", -1))
                            .mapToInt(Integer::parseInt)
                            .toArray()));
        }
        return maps;
    }

    private Optional<PeerId> id(Section s) {
        if (!s.has("id")) {
            problems.require(!s.usable(), s.at("id"), "missing", PeerId.FORM_WORDS);
            return Optional.empty();
        }
        Optional<PeerId> id = s.text("id", PeerId.FORM, PeerId.FORM_WORDS).map(PeerId::new);
        id.ifPresent(i -> {
            problems.require(
                    !ROLES.contains(i.value()),
                    s.at("id"),
                    i,
                    "other than the names of roles: " + String.join(", ", ROLES));
            problems.require(ids.add(i), s.at("id"), i, "different from the ids of the other peers");
        });
        return id;
    }

    /** By default, the control peer has the model and the initial weights of the first contributor. */
    private Optional<Peer> finish(List<Draft> drafts, int index) {
        Draft own = drafts.get(index);
        int like = index;
        for (int i = drafts.size() - 1; i >= 0 && own.control(); i--) {
            like = drafts.get(i).control() ? like : i;
        }
        Draft model = drafts.get(like);
        Optional<String> name = own.model().or(model::model);
        problems.require(
                name.isPresent() || !own.at().usable(),
                own.at().at("model"),
                "missing",
                "the name of a model, for example resnet8");
        // Control takes over the network of the first contributor with all that belongs to it.
        OwnNetwork network = own.model().isPresent() ? own.own() : model.own();
        name.filter(m -> !OwnNetwork.isNamedBy(m) && !network.equals(OwnNetwork.NONE))
                .ifPresent(m -> problems.add(
                        own.at().at("model"),
                        "model " + m + " is built in: leave out python, pretrained, weights and feature_width"));
        long seed = own.seed().orElse(model.seed().orElse(runSeed * 1000 + like + 1));
        return own.id().flatMap(id -> name.map(m -> new Peer(id, m, own.device(), seed, own.control(), network)));
    }
}
