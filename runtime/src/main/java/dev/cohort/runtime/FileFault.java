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

/** Explains why a file or folder cannot be used: the messages of Java's exceptions are often just the path. */
public final class FileFault {
    private FileFault() {}

    /** The reason, such as {@code permission denied}, without a full stop. */
    public static String why(Exception e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        } else if (e instanceof FileAlreadyExistsException) {
            return "a file of this name exists";
        } else if (e instanceof NoSuchFileException missing) {
            return missing.getFile() + " does not exist";
        } else if (e instanceof NotDirectoryException file) {
            return file.getFile() + " is not a folder";
        } else if (e instanceof DirectoryNotEmptyException) {
            return "the folder is not empty";
        }
        Optional<String> reason = e instanceof FileSystemException file
                ? Optional.ofNullable(file.getReason())
                : Optional.ofNullable(e.getMessage());
        return reason.orElse(e.getClass().getSimpleName());
    }

    /** The file, if the exception names it, and why it cannot be used. */
    public static String sentence(IOException e) {
        Optional<String> file =
                e instanceof FileSystemException named ? Optional.ofNullable(named.getFile()) : Optional.empty();
        return file.map(f -> f + ": cannot be used (" + why(e) + ")").orElseGet(() -> why(e));
    }

    /**
     * An exception that names the file, the reason and what to do.
     *
     * @param what such as {@code --report page.html}
     */
    public static UncheckedIOException unwritable(String what, IOException e) {
        return new UncheckedIOException(
                what + ": cannot be written (" + why(e) + "): name a file in a folder that exists and can be written",
                e);
    }

    /**
     * Checks whether a file can be written, without writing it: to be called before long work.
     *
     * @param what such as {@code --report page.html}
     * @throws UncheckedIOException when the file cannot be written
     */
    public static void requireWritable(String what, Path file) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
        Optional<String> why = Optional.empty();
        if (Files.isDirectory(file)) {
            why = Optional.of("it is a folder");
        } else if (!Files.exists(folder)) {
            why = Optional.of(folder + " does not exist");
        } else if (!Files.isDirectory(folder)) {
            why = Optional.of(folder + " is not a folder");
        } else if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            why = Optional.of("permission denied");
        }
        if (why.isPresent()) {
            throw unwritable(what, new IOException(why.get()));
        }
    }
}
