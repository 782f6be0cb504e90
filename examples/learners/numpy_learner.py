"""A student in NumPy: one hidden layer, trained by SGD with momentum. The shortest reading of the learner protocol.

A peer with ``model: learner:numpy_learner.py`` starts this file as ``python3 numpy_learner.py --socket PATH``.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import numpy as np

from cohort_learner import wire

HIDDEN = 32
DTYPES = {wire.FLOAT32: np.dtype("<f4"), wire.FLOAT64: np.dtype("<f8"), wire.UINT8: np.dtype("u1")}


class Network:
    """Features f = relu(x W1 + b1), logits z = f W2 + b2."""

    def __init__(self, hello: wire.Hello) -> None:
        self.hello = hello
        self.dtype = DTYPES[hello.dtype]
        inputs = hello.height * hello.width * hello.channels
        random = np.random.Generator(np.random.PCG64(hello.seed & 0xFFFFFFFFFFFFFFFF))
        self.weights: dict[str, Any] = {
            "hidden.bias": np.zeros(HIDDEN, self.dtype),
            "hidden.weight": self._drawn(random, inputs, HIDDEN),
            "output.bias": np.zeros(hello.classes, self.dtype),
            "output.weight": self._drawn(random, HIDDEN, hello.classes),
        }
        self.momenta = {name: np.zeros_like(weight) for name, weight in self.weights.items()}
        self.gradients = {name: np.zeros_like(weight) for name, weight in self.weights.items()}
        self.parked: dict[int, Any] = {}

    def _drawn(self, random: Any, inputs: int, outputs: int) -> Any:
        bound = (6 / inputs) ** 0.5  # He-uniform
        return random.uniform(-bound, bound, (inputs, outputs)).astype(self.dtype)

    def outputs(self, pixels: Any, pass_id: int | None = None) -> dict[str, Any]:
        """Logits and features. With a pass, whatever its gradient needs is kept."""
        w = {name: weight.copy() for name, weight in self.weights.items()}
        x = ((pixels / 255 - self.hello.mean) / self.hello.deviation).astype(self.dtype).reshape(len(pixels), -1)
        f = np.maximum(x @ w["hidden.weight"] + w["hidden.bias"], 0)
        if pass_id is not None:
            self.parked[pass_id] = (x, f, w)
        return {"logits": f @ w["output.weight"] + w["output.bias"], "features": f}

    def backward(self, pass_id: int, gradients: dict[str, Any]) -> None:
        """Adds the gradients of a parked pass, given those of its outputs."""
        x, f, w = self.parked.pop(pass_id)
        dz = gradients.get("logits", np.zeros((len(x), self.hello.classes), self.dtype))
        df = dz @ w["output.weight"].T + gradients.get("features", 0)
        df = df * (f > 0)
        self.gradients["output.weight"] += f.T @ dz
        self.gradients["output.bias"] += dz.sum(0)
        self.gradients["hidden.weight"] += x.T @ df
        self.gradients["hidden.bias"] += df.sum(0)

    def update(self, rate: float) -> None:
        """One step of SGD with the collected gradients, which are then zero."""
        setting = self.hello.optimizer
        for name, weight in self.weights.items():
            decayed = self.gradients[name] + setting.weight_decay * weight
            momentum = setting.momentum * self.momenta[name] + decayed
            direction = decayed + setting.momentum * momentum if setting.nesterov else momentum
            self.momenta[name] = momentum
            weight -= (rate * direction).astype(self.dtype)
            self.gradients[name][...] = 0

    def state(self) -> dict[str, Any]:
        """All that training continues from: the arrays themselves, by name."""
        return {**self.weights, **{f"momentum/{name}": momentum for name, momentum in self.momenta.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Overwrites the state; parked passes and collected gradients are dropped."""
        own = self.state()
        if {n: a.shape for n, a in state.items()} != {n: a.shape for n, a in own.items()}:
            raise ValueError("the snapshot is of another network")
        for name, array in own.items():
            array[...] = state[name]
        self.parked.clear()
        for gradient in self.gradients.values():
            gradient[...] = 0

    def digest(self) -> str:
        """SHA-256 of the weights in the order of their names."""
        return hashlib.sha256(b"".join(self.weights[name].tobytes() for name in sorted(self.weights))).hexdigest()


def ready(network: Network) -> wire.Ready:
    """The reply to Hello."""
    size = sum(weight.size for weight in network.weights.values())
    rows = [wire.Output("logits", [network.hello.classes], True), wire.Output("features", [HIDDEN], True)]
    return wire.Ready(wire.VERSION, f"numpy {np.__version__}", "cpu", rows, size, size)


def answer(network: Network, request: wire.Message, given: dict[str, Any]) -> tuple[wire.Message, dict[str, Any]]:
    """The reply to a request after Hello, with its arrays."""
    if isinstance(request, wire.Forward):
        return wire.Outputs(), network.outputs(given["images"], request.pass_id)
    if isinstance(request, wire.Infer):
        return wire.Outputs(), network.outputs(given["images"])
    if isinstance(request, wire.Snapshot):
        return wire.State(), network.state()
    if isinstance(request, wire.Weights):
        return wire.WeightsDigest(network.digest()), {}
    if isinstance(request, wire.Backward):
        network.backward(request.pass_id, given)
    elif isinstance(request, wire.Update):
        network.update(request.rate)
    elif isinstance(request, wire.Release):
        network.parked.pop(request.pass_id)
    elif isinstance(request, wire.Restore):
        network.restore(given)
    return wire.Done(), {}


def array(tensor: wire.WireTensor) -> Any:
    """A tensor of a frame as an array."""
    return np.frombuffer(tensor.data, DTYPES[tensor.dtype]).reshape(tensor.shape)


def tensor(name: str, values: Any) -> wire.WireTensor:
    """An array as a tensor of a frame."""
    dtype = wire.FLOAT64 if values.dtype == np.float64 else wire.FLOAT32
    return wire.WireTensor(name, dtype, values.shape, np.ascontiguousarray(values).tobytes())


def main() -> None:
    """Connects, makes the network that Hello asks for, and replies until the peer closes."""
    channel = wire.Channel.connect(sys.argv[sys.argv.index("--socket") + 1])
    hello, _ = channel.receive()
    assert isinstance(hello, wire.Hello)
    if hello.version != wire.VERSION:
        channel.send(wire.Failure(wire.Failure.VERSION, f"learner protocol {hello.version}: must be {wire.VERSION}"))
        return
    asked = hello.optimizer
    if asked.name not in ("", "sgd") or asked.clip_norm or asked.average_decay:
        message = f"optimizer {asked}: this learner has plain sgd alone, without clip_norm and average_decay"
        channel.send(wire.Failure(wire.Failure.MODEL, message))
        return
    network = Network(hello)
    channel.send(ready(network))
    while True:
        try:
            request, tensors = channel.receive()
        except EOFError:
            return
        try:
            reply, arrays = answer(network, request, {name: array(t) for name, t in tensors.items()})
        except Exception as error:
            kind = wire.Failure.REQUEST if isinstance(error, ValueError) else wire.Failure.CODE
            channel.send(wire.Failure(kind, f"{type(error).__name__}: {error}"))
            raise
        channel.send(reply, [tensor(name, values) for name, values in arrays.items()])
        if isinstance(request, wire.Close):
            return


if __name__ == "__main__":
    main()
