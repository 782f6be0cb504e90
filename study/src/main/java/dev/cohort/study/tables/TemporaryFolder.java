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
 * A folder for files that nobody needs any more once the process has ended. It goes when it is closed, or when the process is
 * interrupted; one that a killed process left behind goes when the next is made.
 */
final class TemporaryFolder implements AutoCloseable {
    private static final String PREFIX = "cohort-tables";
    /** Locked for as long as the folder is in use, and by that told from one that was left behind. */
    private static final String IN_USE = ".in-use";

    private static final int ATTEMPTS = 20;

    private final Path path;
    private final FileChannel lock;
    private final Thread atExit;

    private TemporaryFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
        // Whoever writes into it may still do so while the process ends.
        this.atExit = new Thread(() -> deleteWhatComes(path), "temporary-folder");
    }

    /**
     * Makes one.
     *
     * @param parent such as the folder for temporary files
     * @throws UncheckedIOException when it cannot be made; the message says what to do
     */
    static TemporaryFolder make(Path parent) {
        try {
            leftBehind(parent).forEach(TemporaryFolder::deleteWhatComes);
            Path made = Files.createTempDirectory(parent, PREFIX);
            // It has its name only once it is locked, so that nobody takes the folder for one that was left behind.
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
            return false; // Gone by now, or of this very process.
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        deleteWhatComes(path);
        try {
            lock.close();
        } catch (IOException e) {
            // It goes with the process.
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The process ends, and the hook finds nothing to do.
        }
    }

    /** Deletes a folder, also while somebody adds to it; what cannot be deleted stays. */
    private static void deleteWhatComes(Path folder) {
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder); attempt++) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException | UncheckedIOException e) {
                // Something came into it meanwhile, or was deleted by somebody else: once more.
            }
        }
    }
}
