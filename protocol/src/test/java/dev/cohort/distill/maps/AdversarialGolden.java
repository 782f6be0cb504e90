package dev.cohort.distill.maps;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.distill.LogitLoss;
import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Adversarial feature distillation of a pair and of a ring, against golden values. */
public final class AdversarialGolden {
    private static final List<String> PARAMETERS = List.of(
            MapDiscriminator.FIRST_WEIGHT,
            MapDiscriminator.GAMMA,
            MapDiscriminator.BETA,
            MapDiscriminator.SECOND_WEIGHT,
            MapDiscriminator.SECOND_BIAS);
    private static final List<String> TRANSFER = List.of(Adapter.WEIGHT, MapAdapter.GAMMA, MapAdapter.BETA);

    private AdversarialGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("afd_two", AdversarialGolden::ring);
        checks.put("afd_ring", AdversarialGolden::ring);
        return checks;
    }

    private static void ring(GoldenFile file) {
        assertThat(file.hyper("bn_eps")).isEqualTo(MapAdapter.EPSILON);
        assertThat(file.hyper("leaky_slope")).isEqualTo(MapDiscriminator.SLOPE);
        double[] teachers = file.hyperNumbers("teacher_of");
        List<AdversarialPeer> peers = new ArrayList<>();
        List<Adapter.Pass> published = new ArrayList<>();
        for (int peer = 0; peer < teachers.length; peer++) {
            assertThat(AdversarialPeer.teacherOf(peer, teachers.length)).isEqualTo((int) teachers[peer]);
            FeatureMap map = MapsGolden.map(file.input("maps").get(peer));
            peers.add(peer(file, peer, map.channels()));
            published.add(peers.get(peer).publish(map));
        }
        List<AdversarialPeer.Step> steps = new ArrayList<>();
        for (int peer = 0; peer < teachers.length; peer++) {
            FeatureMap teacher = published.get((int) teachers[peer]).output();
            steps.add(peers.get(peer).learn(published.get(peer), teacher));
        }
        compareLogits(file, teachers);
        compare(file, steps);
    }

    /** The peer, with the transfer layer if its map has not the common width. */
    private static AdversarialPeer peer(GoldenFile file, int peer, int width) {
        NamedTensors parameters = NamedTensors.none();
        for (String name : PARAMETERS) {
            parameters = parameters.with(
                    name, GoldenFile.tensor(file.input("d_" + name).get(peer)));
        }
        MapDiscriminator discriminator = new MapDiscriminator(parameters);
        if (width == discriminator.channels()) {
            return new AdversarialPeer(new Adapter.None(), discriminator);
        }
        NamedTensors transfer = NamedTensors.none();
        for (String name : TRANSFER) {
            transfer = transfer.with(name, GoldenFile.tensor(file.input("transfer_" + name)));
        }
        return new AdversarialPeer(new MapAdapter(transfer), discriminator);
    }

    private static void compareLogits(GoldenFile file, double[] teachers) {
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        List<LogitLoss> losses = new ArrayList<>();
        for (int peer = 0; peer < teachers.length; peer++) {
            Tensor own = logits.get(peer);
            losses.add(LogitLoss.crossEntropy(file.labels(), own)
                    .plus(LogitLoss.divergenceFromLogits(logits.get((int) teachers[peer]), own, file.hyper("T"))));
        }
        file.compare("loss_logit", numbers(losses, LogitLoss::loss));
        file.compare("grad_z", joined(losses, loss -> loss.gradient().toDoubles()));
    }

    private static void compare(GoldenFile file, List<AdversarialPeer.Step> steps) {
        file.compare(
                "d_real", joined(steps, step -> step.discriminator().ofTeacher().toDoubles()));
        file.compare(
                "d_fake", joined(steps, step -> step.discriminator().ofOwn().toDoubles()));
        file.compare("loss_d", numbers(steps, step -> step.discriminator().loss()));
        file.compare("loss_g", numbers(steps, AdversarialPeer.Step::loss));
        file.compare("grad_maps", joined(steps, step -> step.map().toDoubles()));
        for (String name : PARAMETERS) {
            file.compare(
                    "grad_d_" + name,
                    joined(
                            steps,
                            step -> step.discriminator().parameters().get(name).toDoubles()));
        }
        for (AdversarialPeer.Step step : steps) {
            step.transfer()
                    .asMap()
                    .forEach((name, gradient) -> file.compare("grad_transfer_" + name, gradient.toDoubles()));
        }
    }

    private static <T> double[] numbers(List<T> all, ToDoubleFunction<T> number) {
        return all.stream().mapToDouble(number).toArray();
    }

    private static <T> double[] joined(List<T> all, Function<T, double[]> numbers) {
        return all.stream().map(numbers).flatMapToDouble(Arrays::stream).toArray();
    }
}
