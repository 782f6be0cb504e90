package dev.cohort.augment.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts skipped files among pictures by kind, so that no file is skipped silently. */
final class LeftOut {
    private static final String NO_ENDING = "without an ending";
    private static final String FOLDER = "folders";

    private final SortedMap<String, Integer> kinds = new TreeMap<>();
    private int count;
    private Optional<Path> first = Optional.empty();

    void add(Path file) {
        kinds.merge(kind(file), 1, Integer::sum);
        count++;
        first = Optional.of(first.orElse(file));
    }

    private static String kind(Path file) {
        if (Files.isDirectory(file)) {
            return FOLDER;
        }
        String name = Folder.name(file).toLowerCase(Locale.ROOT);
        int dot = name.lastIndexOf('.');
        return dot < 0 || dot == name.length() - 1 ? NO_ENDING : name.substring(dot);
    }

    /** One line, if files were skipped. */
    List<String> notes() {
        return first
                .map(example -> (count == 1 ? "1 file is" : count + " files are")
                        + " skipped, which " + (count == 1 ? "is" : "are")
                        + " no .png, .jpg or .jpeg in the folder of a class: " + list(kinds)
                        + "; the first is "
                        + example.toAbsolutePath())
                .stream()
                .toList();
    }

    private static String list(SortedMap<String, Integer> kinds) {
        return kinds.entrySet().stream().map(LeftOut::words).collect(Collectors.joining(", "));
    }

    private static String words(Map.Entry<String, Integer> kind) {
        return kind.getValue() + " " + kind.getKey();
    }
}
