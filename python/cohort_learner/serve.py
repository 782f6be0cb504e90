"""Replies to the requests of a peer until it closes."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Callable

import torch
from torch import Tensor

from cohort_learner import learner, wire
from cohort_learner.student import Refused
from cohort_learner.wire import Channel, Message, WireTensor

Reply = tuple[Message, list[WireTensor]]


def serve(channel: Channel) -> int:
    """Serves one student; returns the exit status of the process."""
    try:
        hello, _ = channel.receive()
        if not isinstance(hello, wire.Hello):
            raise Refused(wire.Failure.REQUEST, f"{type(hello).__name__}: the first request must be Hello")
        check_version(hello)
        student = learner.make(hello)
        channel.send(student.ready())
        while True:
            request, tensors = channel.receive()
            if isinstance(request, wire.Close):
                channel.send(wire.Done())
                return 0
            channel.send(*answer(student, request, tensors))
    except EOFError:
        return 0
    except BrokenPipeError:
        return 1
    except BaseException as error:
        channel.send(failure(error))
        return 1


def check_version(hello: wire.Hello) -> None:
    """Refuses a peer that has another protocol."""
    if hello.version != wire.VERSION:
        raise Refused(
            wire.Failure.VERSION,
            f"learner protocol {hello.version}: this cohort_learner has {wire.VERSION}; install the one that came with"
            " the peer's version of Cohort",
        )


def answer(student: learner.Learner, request: Message, tensors: Mapping[str, WireTensor]) -> Reply:
    """Carries out a request on that student."""
    device = student.run.device
    if isinstance(request, wire.Forward):
        return outputs(student.forward(request.pass_id, request.step, images(tensors, device)))
    if isinstance(request, wire.Backward):
        student.backward(request.pass_id, {n: learner.from_wire(t).to(device) for n, t in tensors.items()})
    elif isinstance(request, wire.Update):
        student.update(request.rate)
    elif isinstance(request, wire.Release):
        student.release(request.pass_id)
    elif isinstance(request, wire.Infer):
        return outputs(student.infer(images(tensors, device)))
    elif isinstance(request, wire.Snapshot):
        return wire.State(), student.snapshot()
    elif isinstance(request, wire.Restore):
        student.restore(tensors)
    elif isinstance(request, wire.Weights):
        return wire.WeightsDigest(student.digest()), []
    else:
        raise Refused(wire.Failure.REQUEST, f"{type(request).__name__}: makes no sense here")
    return wire.Done(), []


def images(tensors: Mapping[str, WireTensor], device: torch.device) -> Tensor:
    """The images of a request, pixels [N, H, W, channels]."""
    return learner.from_wire(tensors["images"]).to(device)


def outputs(named: Mapping[str, Tensor]) -> Reply:
    """A reply that carries these."""
    return wire.Outputs(), [learner.to_wire(name, tensor) for name, tensor in named.items()]


_BATCH_NORM = "Expected more than 1 value per channel"
_KINDS: list[tuple[Callable[[BaseException, str], bool], int, str]] = [
    (
        lambda e, text: isinstance(e, MemoryError) or "out of memory" in text or "can't allocate memory" in text,
        wire.Failure.MEMORY,
        "{}: lower run.batch_size, use autocast or a smaller network, or another device",
    ),
    (
        lambda e, text: _BATCH_NORM in text,
        wire.Failure.NETWORK,
        "{}: choose run.batch_size so that the last batch of an epoch has 2 images or more",
    ),
]


def failure(error: BaseException) -> wire.Failure:
    """What went wrong, for the peer."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, Refused):
        return wire.Failure(error.kind, str(error))
    if isinstance(error, wire.WireError):
        return wire.Failure(wire.Failure.REQUEST, str(error), trace)
    line = (str(error).strip().splitlines() or [""])[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = f"{type(error).__name__}: {line}".rstrip(": ") + f" ({where.filename}:{where.lineno})"
    for matches, kind, advice in _KINDS:
        if matches(error, str(error)):
            return wire.Failure(kind, advice.format(message), trace)
    return wire.Failure(wire.Failure.CODE, message, trace)
