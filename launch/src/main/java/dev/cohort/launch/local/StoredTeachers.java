package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.StoredTeacher;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.RunDirectory;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.peer.djl.Architecture;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.session.RunSchedule;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks the teacher of an experiment before a run, above all the stored networks it names. */
final class StoredTeachers {
    private static final String PATH = "method.teacher";
    private static final String MODEL_PATH = "method.teacher_model";
    private static final String CHECKPOINTS = "checkpoints";
    private static final Pattern STEP = Pattern.compile("step-([0-9]{1,18})\\.safetensors");
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String BUILT_IN = "builtin";

    /** Bytes of a record available for the tensors of a prediction, with a margin for its other fields. */
    private static final long PREDICTION_BYTES_MAX = Limits.DEFAULT.messageBytesMax() - (64L << 10);

    private StoredTeachers() {}

    /**
     * Resolves the checkpoints that a method names to absolute paths, since peers may have another working directory. A run
     * stands for the newest checkpoint of its best peer, or of each of its peers if the method accepts several; a folder of
     * checkpoints for the newest in it. A run is named by its folder or, below {@code runs}, by its id. Names that cannot be
     * resolved are kept, and {@link #check} refuses them.
     */
    static Experiment.Method found(Experiment.Method method, Path runs) {
        List<String> named = StoredTeacher.named(method);
        if (named.isEmpty()) {
            return method;
        }
        boolean several = StoredTeacher.takesSeveral(method);
        return StoredTeacher.taughtBy(
                method,
                named.stream()
                        .flatMap(place -> files(place, runs, several).stream())
                        .toList());
    }

    private static List<String> files(String place, Path runs, boolean several) {
        Path path = whole(Path.of(place));
        Path byId = whole(runs.resolve(place));
        if (!Files.exists(path) && Files.isDirectory(byId)) {
            path = byId;
        }
        Path checkpoints = path.resolve(CHECKPOINTS);
        List<Path> files = Files.isDirectory(checkpoints)
                ? peers(path, several).stream()
                        .flatMap(peer -> newest(checkpoints.resolve(peer)).stream())
                        .toList()
                : newest(path).stream().toList();
        return files.isEmpty()
                ? List.of(path.toString())
                : files.stream().map(Path::toString).toList();
    }

    private static Path whole(Path path) {
        return path.toAbsolutePath().normalize();
    }

    /** Peers of a finished run: all but control, or the one with the best test accuracy. */
    private static List<String> peers(Path run, boolean several) {
        Path result = run.resolve(RunDirectory.RESULT);
        if (!Files.exists(result)) {
            return List.of();
        }
        List<JsonNode> peers = new ArrayList<>();
        try {
            MAPPER.readTree(result.toFile()).path("peers").forEach(peers::add);
        } catch (IOException e) {
            return List.of();
        }
        Stream<JsonNode> chosen = several
                ? peers.stream()
                : peers.stream()
                        .reduce((best, next) -> next.path("test_accuracy").asDouble()
                                        > best.path("test_accuracy").asDouble()
                                ? next
                                : best)
                        .stream();
        return chosen.map(peer -> peer.path("id").asText()).toList();
    }

    /** The checkpoint of the highest step in a folder. */
    static Optional<Path> newest(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file ->
                            STEP.matcher(String.valueOf(file.getFileName())).matches())
                    .max(Comparator.comparingLong(StoredTeachers::step));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static long step(Path file) {
        Matcher matcher = STEP.matcher(String.valueOf(file.getFileName()));
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }

    /** Adds the problems with the teacher of {@code experiment} and its inputs to {@code found}. */
    static void check(Experiment experiment, ImageData data, List<String> found) {
        Problems ofMethod = new Problems();
        MethodCatalog.validate(experiment.method(), ofMethod, "method");
        if (!ofMethod.none()) {
            return;
        }
        Teacher teacher = teacher(experiment, data);
        checkReading(experiment, data, teacher, found);
        if (!(teacher.ownTeacher() instanceof OwnTeacher.None)) {
            checkBuiltIn(experiment, found);
        }
        if (teacher.ownTeacher() instanceof OwnTeacher.Branches branches) {
            checkBranches(experiment, branches, data, found);
        }
        if (teacher.ownTeacher() instanceof OwnTeacher.Others) {
            checkOthers(experiment, found);
        }
        if (!(teacher.ownTeacher() instanceof OwnTeacher.Frozen frozen)) {
            return;
        }
        Optional<StoredTeacher.Training> training = StoredTeacher.training(experiment.method());
        if (training.isPresent()) {
            check(TeacherTraining.models(experiment, training.get()), frozen.choice(), experiment, found);
        } else {
            check(frozen, experiment, data, found);
        }
    }

    private static void checkBuiltIn(Experiment experiment, List<String> found) {
        for (int i = 0; i < experiment.peers().size(); i++) {
            Experiment.Peer peer = experiment.peers().get(i);
            if (peer.hasOwnNetwork() && !peer.control()) {
                found.add("peers." + i + ".model " + peer.model() + ": must be built in with method "
                        + experiment.method().name() + ", which keeps a second network beside each student");
            }
        }
    }

    private static void checkBranches(
            Experiment experiment, OwnTeacher.Branches branches, ImageData data, List<String> found) {
        Problems problems = new Problems();
        for (int i = 0; i < experiment.peers().size(); i++) {
            Experiment.Peer peer = experiment.peers().get(i);
            problems.require(
                    peer.control()
                            || ModelCatalog.find(peer.model())
                                    .map(Architecture::branches)
                                    .orElse(true),
                    "peers." + i + ".model",
                    peer.model(),
                    "a resnet, the only kind with shared low layers under " + branches.count() + " branches");
        }
        problems.require(
                RunSchedule.rowsMin(experiment, data.train().count()) > 1,
                "run.batch_size",
                experiment.run().batchSize(),
                "such that no batch has a single image, since the gate's batch norm needs two");
        found.addAll(problems.found());
    }

    /** Checks peers that run copies of one another: they need one architecture, and all weights must fit into an outcome. */
    private static void checkOthers(Experiment experiment, List<String> found) {
        Problems problems = new Problems();
        List<Experiment.Peer> contributors = experiment.contributors();
        String first = contributors.isEmpty() ? "" : contributors.get(0).model();
        for (int i = 0; i < experiment.peers().size(); i++) {
            Experiment.Peer peer = experiment.peers().get(i);
            problems.require(
                    peer.control() || peer.model().equals(first),
                    "peers." + i + ".model",
                    peer.model(),
                    first + " like the first peer, since the peers run copies of one another");
        }
        long bytes =
                ModelCatalog.find(first).map(Architecture::parameters).orElse(0L) * Float.BYTES * contributors.size();
        problems.require(
                bytes < Limits.DEFAULT.messageBytesMax(),
                "peers",
                contributors.size() + " of " + first,
                "so few or small that all their weights fit into " + (Limits.DEFAULT.messageBytesMax() >> 20)
                        + " MiB, since the peers exchange them");
        found.addAll(problems.found());
    }

    private static void checkReading(Experiment experiment, ImageData data, Teacher teacher, List<String> found) {
        Problems problems = new Problems();
        boolean never = experiment.recording().features() == Experiment.Recording.Features.NEVER;
        problems.require(
                !never || !teacher.reads().contains(TensorName.FEATURES),
                "record.features",
                "never",
                "needed or always, since method " + experiment.method().name() + " reads the features of every peer");
        if (teacher.reads().contains(TensorName.VALIDATION)) {
            checkHeldOut(experiment, data, problems);
        }
        found.addAll(problems.found());
    }

    private static void checkHeldOut(Experiment experiment, ImageData data, Problems problems) {
        String because = "since method " + experiment.method().name() + " reads predictions of held-out images";
        int images = data.validation().count();
        double share = experiment.data().validation().orElse(0);
        problems.require(
                experiment.data().mode() == Experiment.Data.Delivery.RECIPE,
                "data.mode",
                "pixels",
                "recipe, " + because + ", whose pixels are not sent");
        problems.require(
                images > 0,
                "data.validation",
                share,
                "enough to hold out an image, " + because + " (default " + Preparation.VALIDATION_SHARE + ")");
        checkHeldOut(
                data.classes(),
                experiment.run().batchSize(),
                experiment.wire().logits().bytes(),
                images,
                share,
                because,
                problems);
    }

    /** Predictions of all held-out images must fit into one record together with those of a batch. */
    static void checkHeldOut(
            int classes, int batchSize, int bytes, int images, double share, String because, Problems problems) {
        long imagesMax = Math.max(0, PREDICTION_BYTES_MAX / ((long) classes * bytes) - batchSize);
        problems.require(
                images <= imagesMax,
                "data.validation",
                share,
                "small enough to hold out at most " + imagesMax + " images instead of " + images + ", " + because
                        + ", all in one message");
    }

    /** Checks the models of teachers to be trained: they must exist and suit every peer. */
    private static void check(
            List<String> models, OwnTeacher.Frozen.Choice choice, Experiment experiment, List<String> found) {
        List<String> unknown = models.stream()
                .filter(model -> ModelCatalog.find(model).isEmpty())
                .toList();
        unknown.forEach(model -> found.add(MODEL_PATH + ": " + model + ": must be " + ModelCatalog.choices()));
        if (unknown.isEmpty() && choice == OwnTeacher.Frozen.Choice.OF_ITS_MODEL) {
            checkModels(MODEL_PATH, models, experiment, found);
        }
    }

    /** The teacher of a valid method, to query its properties; the feature widths are placeholders. */
    static Teacher teacher(Experiment experiment, ImageData data) {
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
        return MethodCatalog.get(experiment.method().name()).create(experiment.method(), setting);
    }

    private static void check(OwnTeacher.Frozen frozen, Experiment experiment, ImageData data, List<String> found) {
        if (frozen.checkpoints().stream().anyMatch(c -> c.startsWith(OwnTeacher.Frozen.BUILT_IN))
                && experiment.data().path().isPresent()) {
            found.add(PATH + ": " + BUILT_IN
                    + ": must be a checkpoint file, since the built-in teachers were trained on the"
                    + " built-in data only; leave it out to train one first");
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
            checkModels(PATH, models, experiment, found);
        }
    }

    private static List<String> misfits(StoredNetwork.About about, ImageData data) {
        List<String> misfits = new ArrayList<>();
        if (ModelCatalog.find(about.model()).isEmpty()) {
            misfits.add("holds model " + about.model() + ": must be one of " + String.join(", ", ModelCatalog.names()));
        }
        if (about.classes() != data.classes()) {
            misfits.add("has " + about.classes() + " classes: must have " + data.classes() + " like the data");
        }
        if (!about.image().equals(data.shape())) {
            misfits.add("expects images of " + words(about.image()) + ": must be " + words(data.shape())
                    + " like the data");
        }
        return misfits;
    }

    private static String words(ImageShape image) {
        return image.height() + "x" + image.width() + "x" + image.channels();
    }

    private static void checkModels(String path, List<String> stored, Experiment experiment, List<String> found) {
        Set<String> without = experiment.contributors().stream()
                .map(Experiment.Peer::model)
                .filter(model -> !stored.contains(model))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!without.isEmpty()) {
            found.add(path + ": has networks of " + stored + ": must also have one of " + without
                    + ", since each peer learns from a network of its own model; separate them by commas");
        }
    }
}
