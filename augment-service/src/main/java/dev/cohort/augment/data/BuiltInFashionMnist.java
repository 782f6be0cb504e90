package dev.cohort.augment.data;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * The built-in data: 10,000 training and 2,000 test images of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT licence, beside the
 * files), 1,000 and 200 of each class, evenly spaced in the order of the original files.
 */
final class BuiltInFashionMnist {
    static final List<String> CLASS_NAMES = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    private BuiltInFashionMnist() {}

    static Splits read() throws DataException {
        return IdxReader.read(BuiltInFashionMnist::resource, Optional.of(CLASS_NAMES));
    }

    private static IdxFile resource(String name, int rank) throws DataException {
        String file = "fashion-mnist/" + name + ".gz";
        try (InputStream in = BuiltInFashionMnist.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new DataException("the built-in " + file + " is missing from this build: rebuild Cohort");
            }
            return IdxFile.read(in, file, rank, Room.ofThisProcess());
        } catch (IOException e) {
            throw new DataException("the built-in " + file + " cannot be read: rebuild Cohort", e);
        }
    }
}
