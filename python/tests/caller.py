"""The peer's side of the protocol, for tests."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, cast

from cohort_learner import wire

Floats = Sequence[float]


def hello(**changes: Any) -> wire.Hello:
    made = wire.Hello(
        version=wire.VERSION,
        model="",
        classes=3,
        height=8,
        width=8,
        channels=1,
        mean=[0.5],
        deviation=[0.25],
        dtype=wire.FLOAT32,
        seed=1,
        run_seed=7,
        steps=10,
        batch_size=4,
        device="cpu",
        threads=1,
        passes=1,
    )
    for name, value in changes.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def floats(tensor: wire.WireTensor) -> list[float]:
    code = {wire.FLOAT16: "e", wire.FLOAT32: "f", wire.FLOAT64: "d"}[tensor.dtype]
    return [value for (value,) in struct.iter_unpack("<" + code, bytes(tensor.data))]


def tensor(name: str, shape: Sequence[int], values: Floats) -> wire.WireTensor:
    return wire.WireTensor(name, wire.FLOAT32, tuple(shape), struct.pack(f"<{len(values)}f", *values))


def pixels(rows: int = 4, side: int = 8, channels: int = 1, salt: int = 0) -> wire.WireTensor:
    count = rows * side * side * channels
    values = bytes((i * 37 + i * i * 11 + salt * 101) % 256 for i in range(count))
    return wire.WireTensor("images", wire.UINT8, (rows, side, side, channels), values)


class FailureReply(Exception):
    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Caller:
    """Sends requests and returns replies."""

    def __init__(self, connected: socket.socket) -> None:
        self.channel = wire.Channel(connected, wire.REPLIES)

    def ask(self, body: wire.Message, *tensors: wire.WireTensor) -> tuple[Any, dict[str, wire.WireTensor]]:
        self.channel.send(body, tensors)
        reply, result = self.channel.receive()
        if isinstance(reply, wire.Failure):
            raise FailureReply(reply)
        return reply, result

    def start(self, setting: wire.Hello) -> wire.Ready:
        return cast(wire.Ready, self.ask(setting)[0])

    def train(
        self, step: int, rate: float = 0.1, rows: int = 4, gradient: Callable[[int], float] | None = None
    ) -> None:
        _, outputs = self.ask(wire.Forward(step, step), pixels(rows, salt=step))
        shape = outputs["logits"].shape
        size = shape[0] * shape[1]
        values = [(gradient or (lambda i: ((i * 7 + step) % 5 - 2) / 10))(i) for i in range(size)]
        self.ask(wire.Backward(step, 1.5), tensor("logits", shape, values))
        self.ask(wire.Update(rate))

    def snapshot(self) -> dict[str, wire.WireTensor]:
        return self.ask(wire.Snapshot())[1]

    def digest(self) -> str:
        return cast(str, self.ask(wire.Weights())[0].sha256)


@contextlib.contextmanager
def served(setting: wire.Hello) -> Iterator[Caller]:
    """A learner in a thread of this process, made and ready."""
    with unready() as caller:
        caller.start(setting)
        yield caller
        caller.ask(wire.Close())


@contextlib.contextmanager
def unready() -> Iterator[Caller]:
    from cohort_learner import serve

    ours, its = socket.socketpair()

    def run() -> None:
        with its:
            serve.serve(wire.Channel(its))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Caller(ours)
    finally:
        ours.close()
        thread.join(30)
        assert not thread.is_alive()


def equal(one: Mapping[str, wire.WireTensor], other: Mapping[str, wire.WireTensor]) -> bool:
    def plain(tensors: Mapping[str, wire.WireTensor]) -> Any:
        return {name: (t.dtype, t.shape, bytes(t.data)) for name, t in tensors.items()}

    return bool(plain(one) == plain(other))
