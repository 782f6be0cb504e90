"""A student in a training loop of its user's own: join, wrap, for batch in peer, batch.teach."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cohort_learner import learner, serve, wire
from cohort_learner.student import Features, Refused, Run, Student

_CONNECT_LIMIT_S = 300.0
_END_LIMIT_S = 60.0


class PassReleased(Exception):
    """The peer gave up this batch: the run was aborted, or the student has left it."""


class Batch:
    """One batch: images [N, channels, H, W], normalised, on the device of the student."""

    def __init__(self, peer: OwnLoop, request: wire.Forward, images: Tensor) -> None:
        self.images = images
        self.step = request.step
        self._pass_id = request.pass_id
        self._peer = peer
        self.taught = False

    def teach(self, logits: Tensor, features: Tensor | None = None) -> Tensor:
        """Sends the outputs to the cohort, waits for the teacher, and returns the loss of the run's method.

        Its gradient with respect to logits and features is exactly that of the objective. Call it once for each batch.
        Features are needed only where wrap has features=FUNCTION.
        """
        if self.taught:
            raise RuntimeError(f"step {self.step}: teach was called before for this batch")
        self.taught = True
        result = logits if features is None else (logits, features)
        return self._peer._taught(self._pass_id, result, len(self.images))


class _Objective(torch.autograd.Function):
    """A loss of a given value and given gradients."""

    @staticmethod
    def forward(ctx: Any, value: float, gradients: Sequence[Tensor], *outputs: Tensor) -> Tensor:
        ctx.gradients = gradients
        return outputs[0].new_tensor(value)

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> Any:
        return (None, None, *(outer * gradient for gradient in ctx.gradients))


class OwnLoop:
    """A peer of a run whose training loop is the caller's. Iterate over it once, after wrap."""

    def __init__(
        self, channel: wire.Channel, device: str | None = None, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        self._channel = channel
        self._child = child
        self._update_owed = False
        self._open = True
        hello, _ = channel.receive()
        if not isinstance(hello, wire.Hello):
            raise wire.WireError(f"{type(hello).__name__}: the first request must be Hello")
        self._hello = hello
        try:
            serve.check_version(hello)
            if hello.passes > 1:
                raise Refused(
                    wire.Failure.MODEL, "a loop of your own trains one batch at a time: set pace.mode to strict"
                )
            hello.device = device or hello.device
            self.run = Run.of(hello)
        except Refused as refused:
            channel.send(serve.failure(refused))
            raise
        torch.set_num_threads(max(1, hello.threads))
        learner.seed_all(self.run.device, hello.seed)

    def wrap(
        self,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        features: Features = "global_pool",
        maps: Mapping[str, str] | None = None,
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Takes the network and its optimizer, for evaluations and checkpoints, and returns them on the run's device.

        The optimizer must be made before and is stepped by the caller; its learning rates follow the run's schedule.
        """
        try:
            self._learner = learner.Learner(self._hello, Student(net, optimizer, features, maps or {}), self.run)
        except Exception as error:
            self._channel.send(serve.failure(error))
            raise
        self._channel.send(self._learner.ready())
        net.train()
        return net, optimizer

    def __len__(self) -> int:
        """Steps of the run, and so the most batches that come. With a length, Lightning asks for no batch ahead."""
        if self.run.steps == 0:
            raise TypeError("the number of steps of the run is not known")
        return self.run.steps

    def __iter__(self) -> Iterator[Batch]:
        previous = self._drain_on_interrupt()
        try:
            while self._open:
                if self._update_owed:
                    self._update_owed = False
                    self._learner.updated()
                    self._channel.send(wire.Done())
                request, tensors = self._next()
                if isinstance(request, wire.Forward):
                    learner.seed_for(self._hello, self.run, request.step)
                    images = self._learner.normalised(serve.images(tensors, self.run.device))
                    batch = Batch(self, request, images)
                    yield batch
                    if not batch.taught:
                        raise RuntimeError(f"step {batch.step}: the loop went on without batch.teach")
                elif self._open:
                    self._channel.send(*serve.answer(self._learner, request, tensors))
        finally:
            if previous is not None:
                signal.signal(signal.SIGINT, previous)
            self.close()

    def _next(self) -> tuple[wire.Message, dict[str, wire.WireTensor]]:
        try:
            request, tensors = self._channel.receive()
        except EOFError:
            self._open = False
            return wire.Close(), {}
        if isinstance(request, wire.Close):
            self._channel.send(wire.Done())
            self._open = False
        return request, tensors

    def _taught(self, pass_id: int, result: Any, rows: int) -> Tensor:
        outputs = self._learner.park(pass_id, self._learner.body.outputs(result), rows)
        self._channel.send(*serve.outputs(outputs))
        loss: Tensor | None = None
        while True:
            request, tensors = self._next()
            if isinstance(request, (wire.Close, wire.Release)):
                if self._open:
                    self._learner.release(pass_id)
                    self._channel.send(wire.Done())
                raise PassReleased("the peer gave up this batch; see its log")
            if isinstance(request, wire.Backward):
                self._learner.take(pass_id)
                gradients = [learner.from_wire(t).to(self.run.device) for t in tensors.values()]
                loss = _Objective.apply(request.loss, gradients, *(outputs[name] for name in tensors))  # type: ignore[no-untyped-call]
                self._channel.send(wire.Done())
            elif isinstance(request, wire.Update) and loss is not None:
                self._learner.set_rate(request.rate)
                self._update_owed = True
                return loss
            else:
                self._channel.send(*serve.answer(self._learner, request, tensors))

    def _drain_on_interrupt(self) -> Any:
        """The first Ctrl-C lets the peer leave in order, the second one interrupts."""
        child = self._child
        if child is None or threading.current_thread() is not threading.main_thread():
            return None

        def drain(number: int, frame: Any) -> None:
            print("cohort_learner: leaves the run in order; Ctrl-C again to stop at once", file=sys.stderr)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            child.send_signal(signal.SIGTERM)

        return signal.signal(signal.SIGINT, drain)

    def close(self) -> None:
        """Leaves, and ends the peer's process."""
        self._open = False
        self._channel.close()
        if self._child is not None:
            try:
                self._child.wait(_END_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()


def join(
    run: str,
    id: str,
    device: str | None = None,
    cohort: str | None = None,
    arguments: Sequence[str] = (),
) -> OwnLoop:
    """Starts a peer for this process and takes a seat in a run.

    run        as ``cohort run`` prints it: ID@HOST:PORT
    id         of the peer, unique in the run
    device     auto, cpu, cuda:0, mps, ...; None for that of the run
    cohort     path of the cohort command; None for $COHORT_HOME/cohort, then the one on PATH
    arguments  more of ``cohort join``
    """
    command = cohort or _cohort()
    with tempfile.TemporaryDirectory(prefix="cohort-") as folder, socket.socket(socket.AF_UNIX) as listening:
        path = os.path.join(folder, "learner")
        listening.bind(path)
        listening.listen(1)
        # In a session of its own, so that Ctrl-C reaches this process alone.
        line = [command, "join", "--run", run, "--peer", id, "--learner", path, *arguments]
        child = subprocess.Popen(line, start_new_session=True)
        try:
            return OwnLoop(wire.Channel(_accept(listening, child)), device, child)
        except BaseException:
            child.kill()
            child.wait()
            raise


def _accept(listening: socket.socket, child: subprocess.Popen[bytes]) -> socket.socket:
    listening.settimeout(0.2)
    waited = 0.0
    while waited < _CONNECT_LIMIT_S:
        try:
            connected, _ = listening.accept()
            connected.settimeout(None)
            return connected
        except socket.timeout:
            waited += 0.2
            if child.poll() is not None:
                raise RuntimeError(
                    f"cohort join ended with exit status {child.returncode}; see its lines above"
                ) from None
    raise RuntimeError(f"cohort join has not called back within {_CONNECT_LIMIT_S:.0f} s; see its lines above")


def _cohort() -> str:
    home = os.environ.get("COHORT_HOME")
    found = shutil.which(os.path.join(home, "cohort") if home else "cohort")
    if found is None:
        where = f"in COHORT_HOME={home}" if home else "on PATH, and COHORT_HOME is not set"
        raise RuntimeError(f"no command cohort {where}: set COHORT_HOME to the folder of Cohort")
    return found
