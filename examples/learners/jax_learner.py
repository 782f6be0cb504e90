"""A student in JAX: one convolution, one hidden layer, dropout, SGD with momentum. ``model: learner:jax_learner.py``.

The graph of a parked pass is the pullback of ``jax.vjp``, which keeps the weights that it was made with.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cohort_learner import wire

FILTERS, HIDDEN, DROPPED = 16, 64, 0.1


def outputs(weights: dict[str, Any], images: Any, key: Any = None) -> dict[str, Any]:
    """Logits and features of normalised images [N, H, W, channels]; with a key, in training mode."""
    convolved = jax.lax.conv_general_dilated(
        images, weights["conv.weight"], (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    x = jax.nn.relu(convolved).reshape(len(images), -1)
    features = jax.nn.relu(x @ weights["hidden.weight"] + weights["hidden.bias"])
    kept = features
    if key is not None:
        kept = features * jax.random.bernoulli(key, 1 - DROPPED, features.shape) / (1 - DROPPED)
    return {"logits": kept @ weights["output.weight"] + weights["output.bias"], "features": features}


class Student:
    """The weights, their momenta, and the passes that wait for their gradients."""

    def __init__(self, hello: wire.Hello) -> None:
        self.hello = hello
        shapes = {
            "conv.weight": (3, 3, hello.channels, FILTERS),
            "hidden.bias": (HIDDEN,),
            "hidden.weight": (-(-hello.height // 2) * -(-hello.width // 2) * FILTERS, HIDDEN),
            "output.bias": (hello.classes,),
            "output.weight": (HIDDEN, hello.classes),
        }
        keys = jax.random.split(jax.random.key(hello.seed & 0xFFFFFFFF), len(shapes))
        self.weights = {
            name: jnp.zeros(shape) if len(shape) == 1 else jax.nn.initializers.he_normal()(key, shape)
            for key, (name, shape) in zip(keys, shapes.items())
        }
        self.momenta = jax.tree.map(jnp.zeros_like, self.weights)
        self.gradients = jax.tree.map(jnp.zeros_like, self.weights)
        self.parked: dict[int, Any] = {}

    def images(self, pixels: Any) -> Any:
        """Normalised images."""
        return ((pixels / 255 - self.hello.mean) / self.hello.deviation).astype(np.float32)

    def answer(self, request: wire.Message, given: dict[str, Any]) -> tuple[wire.Message, dict[str, Any]]:
        """The reply to a request after Hello, with its arrays."""
        if isinstance(request, wire.Forward):
            # Whatever is random depends on (run seed, slot, seed, step) alone.
            key = jax.random.key(self.hello.run_seed & 0xFFFFFFFF)
            for part in (self.hello.slot, self.hello.seed & 0xFFFFFFFF, request.step):
                key = jax.random.fold_in(key, part)
            images = self.images(given["images"])
            result, self.parked[request.pass_id] = jax.vjp(lambda w: outputs(w, images, key), self.weights)
            return wire.Outputs(), result
        if isinstance(request, wire.Infer):
            return wire.Outputs(), outputs(self.weights, self.images(given["images"]))
        if isinstance(request, wire.Snapshot):
            return wire.State(), {**self.weights, **{f"momentum/{n}": m for n, m in self.momenta.items()}}
        if isinstance(request, wire.Weights):
            arrays = [np.asarray(self.weights[name]).tobytes() for name in sorted(self.weights)]
            return wire.WeightsDigest(hashlib.sha256(b"".join(arrays)).hexdigest()), {}
        if isinstance(request, wire.Backward):
            rows = next(iter(given.values())).shape[0]
            zeros = {"logits": np.zeros((rows, self.hello.classes), "f4"), "features": np.zeros((rows, HIDDEN), "f4")}
            (gradients,) = self.parked.pop(request.pass_id)({**zeros, **given})
            self.gradients = jax.tree.map(jnp.add, self.gradients, gradients)
        elif isinstance(request, wire.Update):
            setting = self.hello.optimizer
            decayed = jax.tree.map(lambda g, w: g + setting.weight_decay * w, self.gradients, self.weights)
            self.momenta = jax.tree.map(lambda v, d: setting.momentum * v + d, self.momenta, decayed)
            ahead = jax.tree.map(lambda v, d: d + setting.momentum * v, self.momenta, decayed)
            steps = ahead if setting.nesterov else self.momenta
            self.weights = jax.tree.map(lambda w, step: w - request.rate * step, self.weights, steps)
            self.gradients = jax.tree.map(jnp.zeros_like, self.weights)
        elif isinstance(request, wire.Release):
            del self.parked[request.pass_id]
        elif isinstance(request, wire.Restore):
            self.weights = {name: jnp.asarray(given[name]) for name in self.weights}
            self.momenta = {name: jnp.asarray(given[f"momentum/{name}"]) for name in self.weights}
            self.gradients = jax.tree.map(jnp.zeros_like, self.weights)
            self.parked.clear()
        return wire.Done(), {}


def main() -> None:
    """Connects, makes the student that Hello asks for, and replies until the peer closes."""
    channel = wire.Channel.connect(sys.argv[sys.argv.index("--socket") + 1])
    hello, _ = channel.receive()
    assert isinstance(hello, wire.Hello)
    if hello.version != wire.VERSION or hello.dtype != wire.FLOAT32:
        message = f"learner protocol {hello.version}, type {hello.dtype}: must be {wire.VERSION} and FLOAT32"
        channel.send(wire.Failure(wire.Failure.VERSION, message))
        return
    asked = hello.optimizer
    if asked.name not in ("", "sgd") or asked.clip_norm or asked.average_decay:
        message = f"optimizer {asked}: this learner has plain sgd alone, without clip_norm and average_decay"
        channel.send(wire.Failure(wire.Failure.MODEL, message))
        return
    student = Student(hello)
    size = sum(weight.size for weight in student.weights.values())
    declared = [wire.Output("logits", [hello.classes], True), wire.Output("features", [HIDDEN], True)]
    device = str(jax.devices()[0]).lower()
    channel.send(wire.Ready(wire.VERSION, f"jax {jax.__version__}", device, declared, size, size))
    request: wire.Message = hello
    while not isinstance(request, wire.Close):
        try:
            request, tensors = channel.receive()
        except EOFError:
            return
        arrays = {t.name: np.frombuffer(t.data, "u1" if t.dtype == wire.UINT8 else "<f4") for t in tensors.values()}
        try:
            reply, result = student.answer(request, {n: a.reshape(tensors[n].shape) for n, a in arrays.items()})
        except Exception as error:
            channel.send(wire.Failure(wire.Failure.CODE, f"{type(error).__name__}: {error}"))
            raise
        sent = {name: np.ascontiguousarray(values, "<f4") for name, values in result.items()}
        channel.send(reply, [wire.WireTensor(n, wire.FLOAT32, a.shape, a.tobytes()) for n, a in sent.items()])


if __name__ == "__main__":
    main()
