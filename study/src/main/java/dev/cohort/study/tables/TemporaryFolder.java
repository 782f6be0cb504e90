package dev.cohort.study.tables;

import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder for files that are needed only while the process runs. It is deleted on close, or when the process is interrupted; a
 * folder that a killed process left behind is deleted when the next one is created.
 */
final class TemporaryFolder implements AutoCloseable {
    private static final String PREFIX = "cohort-tables";
    /** Locked while the folder is in use, which tells it from a folder that was left behind. */
    private static final String IN_USE = ".in-use";

    private static final int ATTEMPTS = 20;

    private final Path path;
    private final FileChannel lock;
    private final Thread atExit;

    private TemporaryFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
        // Other threads may still write into the folder while the process ends.
        this.atExit = new Thread(() -> delete(path), "temporary-folder");
    }

    /**
     * Creates a folder.
     *
     * @param parent such as the folder for temporary files
     * @throws UncheckedIOException if the folder cannot be created; the message says what to do
     */
    static TemporaryFolder make(Path parent) {
        try {
            leftBehind(parent).forEach(TemporaryFolder::delete);
            Path made = Files.createTempDirectory(parent, PREFIX);
            // The file gets its name only once it is locked, so no process mistakes the folder for one that was left
            // behind.
            Path fresh = made.resolve(IN_USE + ".new");
            FileChannel lock = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            lock.lock();
            Files.move(fresh, made.resolve(IN_USE));
            TemporaryFolder folder = new TemporaryFolder(made, lock);
            Runtime.getRuntime().addShutdownHook(folder.atExit);
            return folder;
        } catch (IOException e) {
            throw FileFault.unwritable("temporary folder in " + parent + " (" + Database.REMEDY + ")", e);
        }
    }

    private static List<Path> leftBehind(Path parent) throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith(PREFIX))
                    .filter(TemporaryFolder::isLeftBehind)
                    .toList();
        }
    }

    private static boolean isLeftBehind(Path folder) {
        Path file = folder.resolve(IN_USE);
        if (!Files.isRegularFile(file) || !Files.isWritable(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
            return lock.isPresent();
        } catch (IOException | OverlappingFileLockException e) {
            return false; // Deleted meanwhile, or used by this process.
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        delete(path);
        try {
            lock.close();
        } catch (IOException e) {
            // The lock ends with the process.
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook has nothing left to do.
        }
    }

    /** Deletes a folder, even while other threads add files; files that cannot be deleted stay. */
    private static void delete(Path folder) {
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder); attempt++) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException | UncheckedIOException e) {
                // A file was added or deleted meanwhile: try again.
            }
        }
    }
}
