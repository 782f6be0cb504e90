"""Networks by name, and weights from safetensors files."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Any, cast

import torch
from torch import Tensor, nn

from cohort_learner import wire
from cohort_learner.student import Refused, Run, Student

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NOT_WEIGHTS = ("optimizer/", "scaler/", "rng/", "update/", "momentum/", "adamw/", "average.updates")
_AVERAGE = "average/"


def make(hello: wire.Hello, run: Run) -> Student:
    """The student that Hello names, with its initial weights."""
    kind, _, name = hello.model.partition(":")
    if kind in ("timm", "torchvision"):
        student = Student(_of_library(kind, name, run, hello.pretrained))
    elif hello.pretrained:
        raise Refused(
            wire.Failure.MODEL, f"pretrained with model {hello.model}: only timm: and torchvision: models have weights"
        )
    elif kind == "file":
        student = Student(_script(name, run))
    else:
        student = _of_function(hello.model, run)
    student.net.to(run.dtype)
    if hello.weights:
        load_weights(student.net, hello.weights)
    return student


def _of_function(model: str, run: Run) -> Student:
    path, colon, function = model.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise Refused(
            wire.Failure.MODEL, f"model {model}: must be FILE.py:FUNCTION, timm:NAME, torchvision:NAME or file:FILE.pt"
        )
    if not os.path.isfile(path):
        raise Refused(wire.Failure.MODEL, f"model {model}: no such file: {os.path.abspath(path)}")
    name = os.path.basename(path)[: -len(".py")]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Refused(wire.Failure.MODEL, f"model {model}: Python cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec.loader.exec_module(module)
    made = getattr(module, function, None)
    if not callable(made):
        names = ", ".join(n for n, v in vars(module).items() if callable(v) and not n.startswith("_"))
        raise Refused(wire.Failure.MODEL, f"model {model}: {path} has no function {function}; it has {names}")
    return as_student(made(run), f"{function} of {path}")


def as_student(made: Any, source: str) -> Student:
    """What a user's function returned, as a student."""
    if isinstance(made, Student):
        return made
    if isinstance(made, nn.Module):
        return Student(made)
    raise Refused(
        wire.Failure.NETWORK, f"{source} returns a {type(made).__name__}: must be a torch.nn.Module or a Student"
    )


def _of_library(library: str, name: str, run: Run, pretrained: bool) -> nn.Module:
    try:
        if library == "timm":
            timm: Any = importlib.import_module("timm")
            made = timm.create_model(name, pretrained=pretrained, num_classes=run.classes, in_chans=run.image[0])
        else:
            vision: Any = importlib.import_module("torchvision.models")
            made = vision.get_model(name, weights="DEFAULT" if pretrained else None)
            _set_classes(made, run.classes)
    except ImportError as error:
        raise Refused(
            wire.Failure.MODEL,
            f"model {library}:{name}: {error}; install it with: {sys.executable} -m pip install {library}",
        ) from error
    except (RuntimeError, ValueError) as error:
        raise Refused(wire.Failure.MODEL, f"model {library}:{name}: {error}") from error
    return cast(nn.Module, made)


def _set_classes(net: nn.Module, classes: int) -> None:
    """Replaces the last Linear where it has another number of outputs."""
    heads = [(name, m) for name, m in net.named_modules() if isinstance(m, nn.Linear)]
    if not heads:
        raise ValueError("it ends in no Linear, so its number of classes cannot be set")
    name, head = heads[-1]
    if head.out_features != classes:
        parent, _, child = name.rpartition(".")
        setattr(net.get_submodule(parent), child, nn.Linear(head.in_features, classes, head.bias is not None))


def _script(path: str, run: Run) -> nn.Module:
    try:
        net: nn.Module = torch.jit.load(path, map_location="cpu")
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise Refused(wire.Failure.MODEL, f"model file:{path}: torch.jit.load refuses it: {reason}") from error
    kinds = {getattr(m, "original_name", "") for m in net.modules()}
    modal = sorted(kind for kind in kinds if "Dropout" in kind or "BatchNorm" in kind)
    images = torch.randn(4, *run.image, generator=torch.Generator().manual_seed(1)).to(run.dtype)
    if modal and _same_in_both_modes(net.to(run.dtype), images):
        raise Refused(
            wire.Failure.NETWORK,
            f"model file:{path}: has {', '.join(modal)}, yet its outputs in training and evaluation are equal, so it"
            " was traced in one mode; save it with torch.jit.script",
        )
    return net


def _same_in_both_modes(net: nn.Module, images: Tensor) -> bool:
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    outputs = []
    with torch.no_grad():
        for training in (True, False):
            result = net.train(training)(images)
            outputs.append(result[0] if isinstance(result, tuple) else result)
            for name, buffer in net.named_buffers():
                buffer.copy_(before[name])
    return torch.equal(outputs[0], outputs[1])


def load_weights(net: nn.Module, path: str) -> None:
    """Overwrites all parameters and buffers with those of a safetensors file, a checkpoint of a peer for example."""
    stored = read_safetensors(path)
    weights = {n: t for n, t in stored.items() if not n.startswith((*_NOT_WEIGHTS, _AVERAGE))}
    # Where there are averages, they are what was evaluated.
    weights.update({n[len(_AVERAGE) :]: t for n, t in stored.items() if n.startswith(_AVERAGE)})
    own = net.state_dict()
    wrong = [n for n, t in weights.items() if n in own and own[n].shape != t.shape]
    unknown = [n for n in weights if n not in own]
    # Counters that other frameworks do not keep may be absent.
    missing = [n for n, t in own.items() if n not in weights and isinstance(t, Tensor) and t.is_floating_point()]
    if wrong or unknown or missing:
        name = (wrong or unknown or missing)[0]
        which = "has another shape" if wrong else "is not in the network" if unknown else "is not in the file"
        raise Refused(
            wire.Failure.MODEL,
            f"weights {path}: do not fit the network, {name} {which} ({len(wrong)} of another shape, {len(unknown)}"
            f" unknown, {len(missing)} missing); name a file of this network",
        )
    with torch.no_grad():
        for name, tensor in weights.items():
            own[name].copy_(tensor)


def read_safetensors(path: str) -> dict[str, Tensor]:
    """The tensors of a file by name. No code of the file is run."""
    try:
        with open(path, "rb") as file:
            data = bytearray(file.read())
        size = int.from_bytes(data[:8], "little")
        header = json.loads(bytes(data[8 : 8 + size]))
        start = 8 + size
        tensors = {}
        for name, about in header.items():
            if name != "__metadata__":
                first, end = about["data_offsets"]
                tensors[name] = from_bytes(data[start + first : start + end], _DTYPES[about["dtype"]], about["shape"])
        return tensors
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise Refused(
            wire.Failure.MODEL, f"weights {path}: not a readable safetensors file: {type(error).__name__}: {error}"
        ) from error


def from_bytes(data: bytearray, dtype: torch.dtype, shape: Any) -> Tensor:
    """A tensor over these bytes, without a copy."""
    if not data:
        return torch.empty(list(shape), dtype=dtype)
    return torch.frombuffer(data, dtype=dtype).reshape(list(shape))
