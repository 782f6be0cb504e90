package dev.cohort.peer.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/** The PyTorch of this process. */
public final class TorchEngine {
    /** System property with the number of threads that one operation may use. PyTorch reads it when it is loaded. */
    public static final String THREADS = "ai.djl.pytorch.num_threads";

    private final Engine engine;

    private TorchEngine(Engine engine) {
        this.engine = engine;
    }

    /**
     * Loads PyTorch; later calls return at once. The first call takes the number of threads from {@code
     * -Dai.djl.pytorch.num_threads=N}. Nothing is downloaded unless {@code -Dai.djl.offline=false} is set.
     *
     * @throws IllegalStateException when its native libraries are missing or broken; the message says what to do
     */
    public static TorchEngine start() {
        if (System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
        try {
            return new TorchEngine(Engine.getEngine("PyTorch"));
        } catch (EngineException | LinkageError e) {
            throw new IllegalStateException(
                    "PyTorch's native libraries cannot be loaded: " + rootMessage(e)
                            + "; put pytorch-native-cpu of this platform on the class path (the default build does), or set"
                            + " PYTORCH_LIBRARY_PATH, PYTORCH_VERSION and PYTORCH_FLAVOR to a matching libtorch"
                            + " (docs/gpu.md)",
                    e);
        }
    }

    private static String rootMessage(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getClass().getSimpleName() + ": " + root.getMessage();
    }

    /** Version of PyTorch, such as 2.7.1. */
    public String version() {
        return engine.getVersion();
    }

    /** Threads that one operation may use. */
    public int threads() {
        return JniUtils.getNumThreads();
    }

    /**
     * Sets the number of threads of one operation, for the calling thread and for threads that first use PyTorch later.
     *
     * @param threads at least 1
     */
    public void use(int threads) {
        JniUtils.setNumThreads(threads);
    }

    /** CUDA devices this PyTorch can use; 0 with a CPU build. */
    public int gpus() {
        return engine.getGpuCount();
    }

    /** A root manager whose arrays are on {@code device}, which is of kind CPU or CUDA. */
    NDManager newManager(DeviceChoice device) {
        return engine.newBaseManager(
                device.kind() == DeviceChoice.Kind.CUDA ? Device.gpu(device.index()) : Device.cpu());
    }
}
