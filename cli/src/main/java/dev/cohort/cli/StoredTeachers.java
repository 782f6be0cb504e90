package dev.cohort.cli;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.Parameter;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Checks the stored networks that an experiment names as teachers before a run is made of it. */
final class StoredTeachers {
    private static final String PATH = "method.teacher";
    private static final String BUILT_IN = "builtin";

    private StoredTeachers() {}

    /** The same method with whole paths of files: peers may have another working directory. */
    static Experiment.Method withWholePaths(Experiment.Method method) {
        Map<String, String> whole = new TreeMap<>(method.parameters());
        Set<String> files = MethodCatalog.find(method.name()).map(Method::parameters).orElse(List.of()).stream()
                .filter(parameter -> parameter.range().type().equals("file"))
                .map(Parameter::name)
                .collect(Collectors.toCollection(TreeSet::new));
        whole.replaceAll((name, value) -> files.contains(name) ? wholePaths(value) : value);
        return new Experiment.Method(method.name(), whole);
    }

    private static String wholePaths(String files) {
        boolean named =
                !files.equals(BUILT_IN) && Arrays.stream(files.split(",", -1)).noneMatch(String::isBlank);
        return named
                ? Arrays.stream(files.split(",", -1))
                        .map(file -> Path.of(file.strip())
                                .toAbsolutePath()
                                .normalize()
                                .toString())
                        .collect(Collectors.joining(","))
                : files;
    }

    /** Adds what is wrong with the stored teachers of {@code experiment} to {@code found}. */
    static void check(Experiment experiment, ImageData data, List<String> found) {
        Problems ofMethod = new Problems();
        MethodCatalog.validate(experiment.method(), ofMethod, "method");
        if (ofMethod.none() && ownTeacher(experiment, data) instanceof OwnTeacher.Frozen frozen) {
            check(frozen, experiment, data, found);
        }
    }

    private static OwnTeacher ownTeacher(Experiment experiment, ImageData data) {
        int slots = Math.max(1, experiment.elastic().max());
        TeacherSetting setting = new TeacherSetting(
                slots,
                Ints.of(Collections.nCopies(slots, 1).stream()
                        .mapToInt(Integer::intValue)
                        .toArray()),
                data.classes(),
                experiment.run().seed(),
                experiment.optimizer(),
                experiment.wire().logits());
        return MethodCatalog.get(experiment.method().name())
                .create(experiment.method(), setting)
                .ownTeacher();
    }

    private static void check(OwnTeacher.Frozen frozen, Experiment experiment, ImageData data, List<String> found) {
        if (frozen.checkpoints().stream().anyMatch(c -> c.startsWith(OwnTeacher.Frozen.BUILT_IN))
                && experiment.data().path().isPresent()) {
            found.add(PATH + ": " + BUILT_IN
                    + ": must be a checkpoint file, since the built-in teachers know the built-in"
                    + " data alone; train one on this data with method.name=independent and name"
                    + " RUN/checkpoints/PEER/step-N.safetensors");
            return;
        }
        List<String> models = new ArrayList<>();
        boolean readable = true;
        for (String checkpoint : frozen.checkpoints()) {
            List<String> problems = new ArrayList<>();
            try {
                StoredNetwork network = StoredNetwork.read(checkpoint);
                models.add(network.about().model());
                problems.addAll(misfits(network.about(), data));
            } catch (IOException e) {
                readable = false;
                problems.add(String.valueOf(e.getMessage()));
            }
            problems.forEach(problem -> found.add(PATH + ": " + checkpoint + ": " + problem));
        }
        if (readable && frozen.choice() == OwnTeacher.Frozen.Choice.OF_ITS_MODEL) {
            checkModels(models, experiment, found);
        }
    }

    private static List<String> misfits(StoredNetwork.About about, ImageData data) {
        List<String> misfits = new ArrayList<>();
        if (ModelCatalog.find(about.model()).isEmpty()) {
            misfits.add("holds model " + about.model() + ": must be one of " + String.join(", ", ModelCatalog.names()));
        }
        if (about.classes() != data.classes()) {
            misfits.add("tells " + about.classes() + " classes: must be " + data.classes() + " as the data has");
        }
        if (!about.image().equals(data.shape())) {
            misfits.add("looks at images of " + words(about.image()) + ": must be " + words(data.shape())
                    + " as the data has");
        }
        return misfits;
    }

    private static String words(ImageShape image) {
        return image.height() + "x" + image.width() + "x" + image.channels();
    }

    private static void checkModels(List<String> stored, Experiment experiment, List<String> found) {
        Set<String> without = experiment.contributors().stream()
                .map(Experiment.Peer::model)
                .filter(model -> !stored.contains(model))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!without.isEmpty()) {
            found.add(PATH + ": holds networks of " + stored + ": must also hold one of " + without
                    + ", since each peer learns from its own kind; name the files, separated by commas");
        }
    }
}
