package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.golden.GoldenFile;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What peers learn from one another's pairs, votes and largest classes, against golden values. */
public final class ExchangeGolden {
    private ExchangeGolden() {}

    /** The check of each method, which compares every expected number. */
    public static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> checks = new TreeMap<>();
        checks.put("udml", ExchangeGolden::pairs);
        checks.put("majority_vote", ExchangeGolden::votes);
        checks.put("topk_tail", ExchangeGolden::largestClasses);
        return checks;
    }

    private static void pairs(GoldenFile file) {
        SoftLabels labels = file.labels();
        MutualPairs method = new MutualPairs(List.of(
                new MutualPairs.Term("logits", MutualPairs.Form.DIVERGENCE, file.hyper("w_head")),
                new MutualPairs.Term("second", MutualPairs.Form.DIVERGENCE, file.hyper("w_second")),
                new MutualPairs.Term("map", MutualPairs.Form.SQUARES, file.hyper("w_map"))));
        List<NamedTensors> peers = new ArrayList<>();
        for (int i = 0; i < file.input("z").size(); i++) {
            peers.add(NamedTensors.of(
                            "logits", GoldenFile.tensor(file.input("z").get(i)))
                    .with("second", GoldenFile.tensor(file.input("second").get(i)))
                    .with("map", GoldenFile.tensor(file.input("maps").get(i))));
        }
        double loss = 0;
        double[][] ofPairs = new double[3][file.hyperNode("pairs").size()];
        List<List<Double>> labelLosses = List.of(new ArrayList<>(), new ArrayList<>());
        List<List<Double>> gradients = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < peers.size(); i++) {
            NamedTensors own = peers.get(i);
            LogitLoss first = LogitLoss.crossEntropy(labels, own.get("logits"));
            LogitLoss second = LogitLoss.crossEntropy(labels, own.get("second"));
            List<Integer> pairs = pairsOf(file.hyperNode("pairs"), i);
            MutualPairs.Result result = method.of(own, partners(file.hyperNode("pairs"), pairs, i, peers));
            NamedTensors taught = result.gradients();
            for (int p = 0; p < pairs.size(); p++) {
                for (int term = 0; term < 3; term++) {
                    // Both peers of a pair find the same loss; it counts once.
                    double one = result.losses().get(p).get(term);
                    loss += method.terms().get(term).weight() * one / 2;
                    ofPairs[term][pairs.get(p)] = one;
                }
            }
            loss += first.loss() + second.loss();
            labelLosses.get(0).add(first.loss());
            labelLosses.get(1).add(second.loss());
            append(first.plus(new LogitLoss(0, taught.get("logits"))).gradient(), gradients.get(0));
            append(second.plus(new LogitLoss(0, taught.get("second"))).gradient(), gradients.get(1));
            append(taught.get("map"), gradients.get(2));
        }
        file.compare("ce", array(labelLosses.get(0)));
        file.compare("ce_second", array(labelLosses.get(1)));
        file.compare("pair_head", ofPairs[0]);
        file.compare("pair_second", ofPairs[1]);
        file.compare("pair_map", ofPairs[2]);
        file.compare("loss", loss);
        file.compare("grad_z", array(gradients.get(0)));
        file.compare("grad_second", array(gradients.get(1)));
        file.compare("grad_maps", array(gradients.get(2)));
    }

    private static List<Integer> pairsOf(JsonNode pairs, int peer) {
        List<Integer> own = new ArrayList<>();
        for (int p = 0; p < pairs.size(); p++) {
            if (pairs.get(p).get(0).asInt() == peer || pairs.get(p).get(1).asInt() == peer) {
                own.add(p);
            }
        }
        return own;
    }

    private static List<NamedTensors> partners(JsonNode pairs, List<Integer> own, int peer, List<NamedTensors> peers) {
        return own.stream()
                .map(p -> pairs.get(p).get(0).asInt() + pairs.get(p).get(1).asInt() - peer)
                .map(peers::get)
                .toList();
    }

    private static void votes(GoldenFile file) {
        SoftLabels labels = file.labels();
        int classes = labels.classes();
        double weight = file.hyper("w");
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        List<Ints> votes = logits.stream().map(Votes::of).toList();
        Ints majority = Votes.majority(votes, classes);
        List<Double> shares = new ArrayList<>();
        List<LogitLoss> byShares = new ArrayList<>();
        List<LogitLoss> byMajority = new ArrayList<>();
        for (int i = 0; i < logits.size(); i++) {
            Tensor z = logits.get(i);
            List<Ints> others = new ArrayList<>(votes);
            others.remove(i);
            LogitLoss ofLabels = LogitLoss.crossEntropy(labels, z);
            Tensor target = Votes.shares(others, classes);
            append(target, shares);
            byShares.add(ofLabels.plus(LogitLoss.crossEntropy(target, z), weight));
            byMajority.add(ofLabels.plus(LogitLoss.crossEntropy(Votes.oneHot(majority, classes), z), weight));
        }
        file.compare(
                "votes",
                votes.stream().flatMapToInt(Ints::stream).asDoubleStream().toArray());
        file.compare("shares", array(shares));
        file.compare("majority", majority.stream().asDoubleStream().toArray());
        compareLosses(file, "_shares", byShares);
        compareLosses(file, "_majority", byMajority);
    }

    private static void largestClasses(GoldenFile file) {
        SoftLabels labels = file.labels();
        double temperature = file.hyper("T");
        List<Tensor> logits = GoldenFile.tensors(file.input("z"));
        List<Tensor> probabilities = logits.stream()
                .map(z -> Tensor.of(
                        DType.FLOAT64,
                        Softmax.probabilities(z.toDoubles(), labels.classes(), temperature),
                        z.shape().toArray()))
                .toList();
        List<LargestClasses> sent = probabilities.stream()
                .map(q -> LargestClasses.of(q, (int) file.hyper("k")))
                .toList();
        List<Double> votes = new ArrayList<>();
        List<Double> divergences = new ArrayList<>();
        List<LogitLoss> losses = new ArrayList<>();
        for (int i = 0; i < logits.size(); i++) {
            Tensor target = voteOfOthers(sent, i);
            LogitLoss divergence = LogitLoss.divergence(target, logits.get(i), temperature);
            append(target, votes);
            divergences.add(divergence.loss());
            losses.add(LogitLoss.crossEntropy(labels, logits.get(i)).plus(divergence, file.hyper("w")));
        }
        file.compare(
                "index",
                sent.stream()
                        .flatMapToInt(one -> one.index().stream())
                        .asDoubleStream()
                        .toArray());
        file.compare("kept", joined(sent.stream().map(LargestClasses::kept).toList()));
        file.compare("tail", joined(sent.stream().map(LargestClasses::tail).toList()));
        file.compare("dense", joined(sent.stream().map(LargestClasses::dense).toList()));
        file.compare("vote", array(votes));
        file.compare("kd", array(divergences));
        compareLosses(file, "", losses);
        double[] mass = new double[sent.size()];
        double[] divergence = new double[sent.size()];
        for (int j = 0; j < mass.length; j++) {
            mass[j] = sent.get(j).lostMass(probabilities.get(j));
            divergence[j] = sent.get(j).lostDivergence(probabilities.get(j));
        }
        file.compare("lost_mass", mass);
        file.compare("lost_kl", divergence);
    }

    private static Tensor voteOfOthers(List<LargestClasses> sent, int own) {
        double[] vote = new double[sent.get(own).dense().size()];
        for (int j = 0; j < sent.size(); j++) {
            double[] dense = sent.get(j).dense().toDoubles();
            for (int c = 0; c < vote.length && j != own; c++) {
                vote[c] += dense[c] / (sent.size() - 1);
            }
        }
        return Tensor.of(DType.FLOAT64, vote, sent.get(own).dense().shape().toArray());
    }

    private static void compareLosses(GoldenFile file, String form, List<LogitLoss> losses) {
        double[] perPeer = losses.stream().mapToDouble(LogitLoss::loss).toArray();
        assertThat(perPeer).isNotEmpty();
        file.compare("per_peer_loss" + form, perPeer);
        file.compare("loss" + form, Arrays.stream(perPeer).sum());
        file.compare(
                "grad_z" + form, joined(losses.stream().map(LogitLoss::gradient).toList()));
    }

    private static void append(Tensor tensor, List<Double> into) {
        for (double value : tensor.toDoubles()) {
            into.add(value);
        }
    }

    private static double[] array(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[] joined(List<Tensor> tensors) {
        return tensors.stream()
                .flatMapToDouble(t -> Arrays.stream(t.toDoubles()))
                .toArray();
    }
}
