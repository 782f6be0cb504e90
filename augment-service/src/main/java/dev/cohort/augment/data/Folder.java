package dev.cohort.augment.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of data, with the error messages for its files.
 *
 * @param expected description of its content, for error messages
 */
record Folder(Path path, String expected) {
    /** Largest array that every Java platform can allocate. */
    static final int ARRAY_BYTES_MAX = Integer.MAX_VALUE - 8;

    static Folder open(Path path, String expected) throws DataException {
        if (!Files.exists(path)) {
            throw new DataException(
                    "data folder " + path.toAbsolutePath() + " does not exist: data.path must be " + expected);
        }
        if (!Files.isDirectory(path)) {
            throw new DataException(path.toAbsolutePath() + " is a file: data.path must be " + expected);
        }
        return new Folder(path, expected);
    }

    /** The first of {@code names} that is a file; fails if none is. */
    Path need(String... names) throws DataException {
        Optional<Path> found = find(names);
        if (found.isEmpty()) {
            throw new DataException("no " + String.join(" or ", names) + " in " + path.toAbsolutePath()
                    + ": data.path must be " + expected);
        }
        return found.get();
    }

    /** The first of {@code names} that is a file, if any. */
    Optional<Path> find(String... names) {
        return Stream.of(names).map(path::resolve).filter(Files::isRegularFile).findFirst();
    }

    /** Entries without hidden ones, sorted by name in code point order, which does not depend on the locale. */
    static List<Path> list(Path folder) throws DataException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> !name(entry).startsWith("."))
                    .sorted((a, b) -> name(a).compareTo(name(b)))
                    .toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        } catch (UncheckedIOException e) {
            throw unreadable(folder, new IOException(e));
        }
    }

    /** Last part of a path. */
    static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? "" : name.toString();
    }

    /** The class names in a text file: its lines that are not blank. */
    static List<String> names(Path file) throws DataException {
        try {
            return Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (CharacterCodingException e) {
            throw new DataException(file.toAbsolutePath() + " is not UTF-8 text: expected one class name per line", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static DataException unreadable(Path path, IOException e) {
        return new DataException(
                "cannot read " + path.toAbsolutePath() + " (" + e.getClass().getSimpleName() + "): check that it exists"
                        + " and that you may read it",
                e);
    }
}
