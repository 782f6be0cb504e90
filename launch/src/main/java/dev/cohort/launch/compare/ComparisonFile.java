package dev.cohort.launch.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.cohort.experiment.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Comparisons as YAML:
 *
 * <pre>
 * name: NAME              # default: the name of the file
 * base: FILE              # experiment of all variants, beside this file; default: the quickstart
 * set: {KEY: VALUE, ...}  # keys of the experiment, for all variants
 * seeds: [1, 2, 3]
 * variants:
 *   - {name: NAME, base: FILE, set: {KEY: VALUE, ...}}
 * </pre>
 *
 * <p>{@code KEY} is a path such as {@code method.name}. The experiment's reader checks keys and values.
 */
public final class ComparisonFile {
    /** The default seeds. */
    public static final List<Long> SEEDS = List.of(1L, 2L, 3L);

    private static final Set<String> KEYS = new TreeSet<>(Set.of("name", "base", "set", "seeds", "variants"));
    private static final Set<String> VARIANT_KEYS = new TreeSet<>(Set.of("name", "base", "set"));
    private static final int VARIANTS_MAX = 64;
    private static final int SEEDS_MAX = 100;
    private static final long FILE_BYTES_MAX = 1 << 20;
    /** The limit of {@code run.seed}. */
    private static final long SEED_MAX = Long.MAX_VALUE / 2000;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");
    private static final String NAME_WORDS = "1 to 32 of A-Z a-z 0-9 . _ - and start with a letter or digit";
    /** Values that YAML needs no quotation marks for. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./+-]+");

    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build());

    private final Path file;
    private final Problems problems;

    private ComparisonFile(Path file, Problems problems) {
        this.file = file;
        this.problems = problems;
    }

    /** Whether {@code file} is a comparison; false for an experiment and for an unreadable file. */
    public static boolean is(Path file) {
        return parse(file, new Problems())
                .filter(tree -> KEYS.stream().anyMatch(key -> !key.equals("name") && tree.has(key)))
                .isPresent();
    }

    /**
     * Reads a comparison.
     *
     * @param settings {@code key=value} of the command line: keys of the comparison itself, such as {@code seeds} or
     *     {@code variants.0.name}, and keys of the experiment, which take precedence in every variant
     * @param problems receives every problem with its path
     * @return empty when there is a problem
     */
    public static Optional<Comparison> read(Path file, List<String> settings, Problems problems) {
        int before = problems.found().size();
        Optional<Comparison> comparison =
                parse(file, problems).map(tree -> new ComparisonFile(file, problems).comparison(tree, settings));
        return problems.found().size() == before ? comparison : Optional.empty();
    }

    /** Makes a comparison of experiments: each is a variant, named after its file. */
    public static Optional<Comparison> ofExperiments(List<Path> files, List<String> settings, Problems problems) {
        int before = problems.found().size();
        List<Comparison.Variant> variants = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        for (Path file : files) {
            String name = stem(file);
            problems.require(NAME.matcher(name).matches(), file.toString(), name, "named by " + NAME_WORDS);
            boolean fresh = names.add(name.toLowerCase(Locale.ROOT));
            problems.require(fresh, file.toString(), name, "named differently from the files before it");
            variants.add(
                    new Comparison.Variant(name, file.toString(), Optional.of(file), withoutOutdatedLength(settings)));
        }
        String name = files.size() == 1 ? stem(files.get(0)) : "experiments";
        return problems.found().size() == before
                ? Optional.of(new Comparison(name, SEEDS, variants))
                : Optional.empty();
    }

    private static String stem(Path file) {
        String name =
                Optional.ofNullable(file.getFileName()).map(Path::toString).orElse("");
        return name.replaceFirst("\\.[^.]*$", "");
    }

    private static Optional<ObjectNode> parse(Path file, Problems problems) {
        try {
            if (Files.isDirectory(file)) {
                problems.add(file.toString(), "is a folder: must be a YAML file");
            } else if (Files.size(file) > FILE_BYTES_MAX) {
                problems.require(false, file.toString(), Files.size(file) + " bytes", "at most " + FILE_BYTES_MAX);
            } else if (YAML.readTree(Files.readString(file)) instanceof ObjectNode tree) {
                return Optional.of(tree);
            } else {
                problems.add(file.toString(), "must be a mapping with the keys " + String.join(", ", KEYS));
            }
        } catch (NoSuchFileException e) {
            problems.add(file.toString(), "no such file: must be the YAML file of a comparison or an experiment");
        } catch (JsonProcessingException e) {
            String place = Optional.ofNullable(e.getLocation())
                    .map(l -> "line " + l.getLineNr() + ", column " + l.getColumnNr() + ": ")
                    .orElse("");
            problems.add(file.toString(), place + oneLine(String.valueOf(e.getOriginalMessage())));
        } catch (IOException e) {
            problems.add(file.toString(), "cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    private static String oneLine(String text) {
        return text.lines().findFirst().orElse("").strip();
    }

    private Comparison comparison(ObjectNode tree, List<String> settings) {
        List<String> forAll = new ArrayList<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            String key = equals < 0 ? setting : setting.substring(0, equals).strip();
            if (equals > 0 && KEYS.contains(key.split("\\.", -1)[0])) {
                TreePath.put(tree, key, value(key, setting.substring(equals + 1)), problems);
            } else {
                forAll.add(setting);
            }
        }
        onlyKeys(tree, "", KEYS);
        String name = name(tree.path("name"), "name").orElseGet(this::fileName);
        Optional<Path> base = base(tree.path("base"), "base");
        List<String> common = settings(tree.path("set"), "set");
        List<Long> seeds = seeds(tree.path("seeds"));
        return new Comparison(name, seeds, variants(tree.path("variants"), base, common, forAll));
    }

    private String fileName() {
        String stem = stem(file).replaceFirst("^compare-", "");
        return NAME.matcher(stem).matches() ? stem : "comparison";
    }

    private JsonNode value(String key, String text) {
        try {
            return YAML.readTree(text);
        } catch (JsonProcessingException e) {
            problems.add("--set " + key, oneLine(String.valueOf(e.getOriginalMessage())));
            return YAML.missingNode();
        }
    }

    private void onlyKeys(JsonNode tree, String path, Set<String> known) {
        tree.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key)) {
                problems.add(path + key, "unknown key: must be one of " + String.join(", ", known));
            }
        });
    }

    private Optional<String> name(JsonNode name, String path) {
        if (name.isMissingNode() || name.isNull()) {
            return Optional.empty();
        }
        boolean good = name.isValueNode() && NAME.matcher(name.asText()).matches();
        problems.require(good, path, shown(name), NAME_WORDS);
        return Optional.of(name.asText());
    }

    private Optional<Path> base(JsonNode base, String path) {
        if (base.isMissingNode() || base.isNull()) {
            return Optional.empty();
        }
        if (!base.isTextual() || base.asText().isBlank()) {
            problems.require(false, path, shown(base), "the YAML file of an experiment, relative to this file");
            return Optional.empty();
        }
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of(""));
        return Optional.of(folder.resolve(base.asText()).normalize());
    }

    private List<String> settings(JsonNode set, String path) {
        List<String> settings = new ArrayList<>();
        if (set instanceof ObjectNode values) {
            values.properties().forEach(e -> {
                boolean own = e.getKey().equals("run.seed");
                problems.require(!own, path + ".run.seed", shown(e.getValue()), "left out: it comes from seeds");
                settings.add(e.getKey() + "=" + text(e.getValue()));
            });
        } else if (!set.isMissingNode() && !set.isNull()) {
            problems.require(false, path, shown(set), "a mapping such as {method.name: dml}");
        }
        return settings;
    }

    /** A value in the form that the experiment's reader accepts on the command line. */
    private static String text(JsonNode value) {
        if (value.isNull()) {
            return "";
        }
        return value.isContainerNode() || !PLAIN.matcher(value.asText()).matches() ? value.toString() : value.asText();
    }

    private List<Long> seeds(JsonNode seeds) {
        if (seeds.isMissingNode() || seeds.isNull()) {
            return SEEDS;
        }
        List<Long> found = new ArrayList<>();
        int before = problems.found().size();
        for (int i = 0; seeds.isArray() && i < seeds.size(); i++) {
            JsonNode seed = seeds.get(i);
            boolean good = seed.isIntegralNumber() && seed.canConvertToLong() && Math.abs(seed.asLong()) <= SEED_MAX;
            problems.require(good, "seeds." + i, shown(seed), "a whole number of at most " + SEED_MAX);
            found.add(seed.asLong());
        }
        if (problems.found().size() == before) {
            checkSeeds(found, seeds.isArray() ? found.toString() : shown(seeds), problems);
        }
        return found;
    }

    /** Adds the problems of a list of seeds. */
    public static void checkSeeds(List<Long> seeds, String shown, Problems problems) {
        boolean good = !seeds.isEmpty() && seeds.size() <= SEEDS_MAX && new TreeSet<>(seeds).size() == seeds.size();
        problems.require(good, "seeds", shown, "a list of 1 to " + SEEDS_MAX + " different whole numbers");
    }

    private List<Comparison.Variant> variants(
            JsonNode list, Optional<Path> base, List<String> common, List<String> forAll) {
        boolean good = list.isArray() && !list.isEmpty() && list.size() <= VARIANTS_MAX;
        problems.require(
                good, "variants", shown(list), "a list of 1 to " + VARIANTS_MAX + " such as {name: dml, set: {...}}");
        List<Comparison.Variant> variants = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        for (int i = 0; good && i < list.size(); i++) {
            String path = "variants." + i;
            JsonNode variant = list.get(i);
            if (!variant.isObject()) {
                problems.require(false, path, shown(variant), "a mapping such as {name: dml, set: {...}}");
                continue;
            }
            onlyKeys(variant, path + ".", VARIANT_KEYS);
            Optional<String> name = name(variant.path("name"), path + ".name");
            problems.require(name.isPresent(), path + ".name", "missing", NAME_WORDS);
            // Folders have these names, and some file systems ignore case.
            boolean fresh = name.isEmpty() || names.add(name.get().toLowerCase(Locale.ROOT));
            problems.require(fresh, path + ".name", name.orElse(""), "different from the names before it");
            List<String> all = new ArrayList<>(common);
            all.addAll(settings(variant.path("set"), path + ".set"));
            all.addAll(forAll);
            variants.add(new Comparison.Variant(
                    name.orElse(""),
                    path + name.map(n -> " (" + n + ")").orElse(""),
                    base(variant.path("base"), path + ".base").or(() -> base),
                    withoutOutdatedLength(all)));
        }
        return variants;
    }

    /** Drops all but the last of {@code run.steps} and {@code run.epochs}, of which an experiment accepts one. */
    static List<String> withoutOutdatedLength(List<String> settings) {
        String last = settings.stream()
                .filter(s -> s.startsWith("run.steps=") || s.startsWith("run.epochs="))
                .reduce("", (before, after) -> after);
        String other = last.startsWith("run.steps=") ? "run.epochs=" : "run.steps=";
        return last.isEmpty()
                ? settings
                : settings.stream().filter(s -> !s.startsWith(other)).toList();
    }

    private static String shown(JsonNode value) {
        if (value.isMissingNode()) {
            return "missing";
        }
        String text = value.isObject() ? "a mapping" : value.isArray() ? "a list" : value.asText();
        return text.length() <= 60 ? text : text.substring(0, 60) + "...";
    }
}
