package dev.cohort.peer.djl;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The device of a peer in an experiment: {@code auto}, {@code cpu} or {@code cuda:N}.
 *
 * @param index number of the CUDA device, 0 for the others
 */
public record DeviceChoice(Kind kind, int index) {
    private static final Pattern CUDA = Pattern.compile("cuda:(0|[1-9][0-9]{0,2})");

    /** Kind of device. */
    public enum Kind {
        AUTO,
        CPU,
        CUDA
    }

    /**
     * Reads a device as experiments write it.
     *
     * @throws IllegalArgumentException when {@code text} is no device
     */
    public static DeviceChoice parse(String text) {
        if (text.equals("auto")) {
            return new DeviceChoice(Kind.AUTO, 0);
        }
        if (text.equals("cpu")) {
            return new DeviceChoice(Kind.CPU, 0);
        }
        Matcher cuda = CUDA.matcher(text);
        if (cuda.matches()) {
            return new DeviceChoice(Kind.CUDA, Integer.parseInt(cuda.group(1)));
        }
        throw new IllegalArgumentException("device '" + text + "': must be auto, cpu or cuda:N, for example cuda:0");
    }

    /**
     * The device to use: {@code auto} spreads peers evenly over the visible GPUs and is the CPU without any.
     *
     * @param gpus CUDA devices that the loaded PyTorch can use
     * @param peerIndex position of the peer in the experiment, from 0
     * @return of kind CPU or CUDA
     * @throws IllegalArgumentException when the CUDA device does not exist; the CPU never replaces it silently
     */
    public DeviceChoice on(int gpus, int peerIndex) {
        return switch (kind) {
            case CPU -> this;
            case AUTO ->
                gpus == 0 ? new DeviceChoice(Kind.CPU, 0) : new DeviceChoice(Kind.CUDA, Math.floorMod(peerIndex, gpus));
            case CUDA -> {
                if (gpus == 0) {
                    throw new IllegalArgumentException("device " + this
                            + ": the loaded PyTorch sees no CUDA device; set COHORT_TORCH to the folder of a CUDA"
                            + " build (docs/gpu.md) and check nvidia-smi, or set device: cpu");
                }
                if (index >= gpus) {
                    throw new IllegalArgumentException("device " + this + ": PyTorch sees " + gpus
                            + " CUDA device(s), numbered from 0; set device: cuda:" + (gpus - 1) + " or auto");
                }
                yield this;
            }
        };
    }

    /** As experiments write it. */
    @Override
    public String toString() {
        return switch (kind) {
            case AUTO -> "auto";
            case CPU -> "cpu";
            case CUDA -> "cuda:" + index;
        };
    }
}
