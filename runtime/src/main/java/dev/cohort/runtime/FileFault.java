package dev.cohort.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;

/** Why a file or folder cannot be used, in words: Java's own exceptions often say no more than its path. */
public final class FileFault {
    private FileFault() {}

    /** Such as {@code permission denied}; without a stop. */
    public static String why(Exception e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        } else if (e instanceof FileAlreadyExistsException) {
            return "a file is in its place";
        } else if (e instanceof NoSuchFileException missing) {
            return "there is no " + missing.getFile();
        } else if (e instanceof NotDirectoryException file) {
            return file.getFile() + " is no folder";
        } else if (e instanceof DirectoryNotEmptyException) {
            return "the folder is not empty";
        }
        Optional<String> reason = e instanceof FileSystemException file
                ? Optional.ofNullable(file.getReason())
                : Optional.ofNullable(e.getMessage());
        return reason.orElse(e.getClass().getSimpleName());
    }

    /** Names the file, where the exception does, and why it cannot be used. */
    public static String sentence(IOException e) {
        Optional<String> file =
                e instanceof FileSystemException named ? Optional.ofNullable(named.getFile()) : Optional.empty();
        return file.map(f -> f + ": cannot be used (" + why(e) + ")").orElseGet(() -> why(e));
    }

    /**
     * What cannot be written, why, and what to do.
     *
     * @param what such as {@code --report page.html}
     */
    public static UncheckedIOException unwritable(String what, IOException e) {
        return new UncheckedIOException(
                what + ": cannot be written (" + why(e) + "): name a file in a folder that exists and can be written",
                e);
    }

    /**
     * Looks whether a file can be written, without writing it: to be asked before anything that takes long.
     *
     * @param what such as {@code --report page.html}
     * @throws UncheckedIOException when it cannot
     */
    public static void requireWritable(String what, Path file) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Optional<String> why = Optional.empty();
        if (Files.isDirectory(file)) {
            why = Optional.of("it is a folder");
        } else if (!Files.exists(folder)) {
            why = Optional.of("there is no " + folder);
        } else if (!Files.isDirectory(folder)) {
            why = Optional.of(folder + " is no folder");
        } else if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            why = Optional.of("permission denied");
        }
        if (why.isPresent()) {
            throw unwritable(what, new IOException(why.get()));
        }
    }
}
