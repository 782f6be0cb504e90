"""What a user's function receives and returns: Run and Student."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Callable, Literal, NamedTuple, Union

import torch
from torch import Tensor, nn

from cohort_learner import wire

Features = Union[Literal["global_pool"], str, Callable[[nn.Module, Tensor], "tuple[Tensor, Tensor]"]]


class Refused(Exception):
    """A reason why there is no student, or none any longer: one line, with what to do."""

    def __init__(self, kind: int, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Run(NamedTuple):
    """What a network is made for."""

    classes: int
    image: tuple[int, int, int]  # channels, height, width
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    slot: int  # position among the contributors, from 0
    seed: int  # of the initial weights; torch is seeded with it already
    steps: int  # 0 where unknown
    batch_size: int
    device: torch.device
    dtype: torch.dtype

    @staticmethod
    def of(hello: wire.Hello) -> Run:
        """The run of a Hello, on the device that it asks for."""
        return Run(
            hello.classes,
            (hello.channels, hello.height, hello.width),
            tuple(hello.mean),
            tuple(hello.deviation),
            hello.slot,
            hello.seed,
            hello.steps,
            hello.batch_size,
            choose_device(hello.device, hello.slot),
            torch.float64 if hello.dtype == wire.FLOAT64 else torch.float32,
        )


def choose_device(name: str, slot: int) -> torch.device:
    """The device of that name; auto spreads students over the GPUs, and is mps or cpu without any."""
    if name in ("", "auto"):
        if torch.cuda.is_available():
            return torch.device("cuda", slot % torch.cuda.device_count())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise Refused(
            wire.Failure.MODEL, f"device {name}: torch {torch.__version__} cannot use it ({reason}); set auto or cpu"
        ) from error
    return device


@dataclasses.dataclass
class Student:
    """A network and how it is trained.

    net         takes images [N, channels, H, W], already normalised; returns logits [N, C] or (logits, features).
    optimizer   None for that of the experiment. The learning rates of its parameter groups follow the schedule of the
                run: each is multiplied by the run's rate of the step relative to optimizer.learning_rate.
    features    global_pool: the input of the last Linear with C outputs, averaged over positions; the name of a
                submodule: its output, likewise; or a function of (net, images) that returns (logits, features).
    maps        names of feature maps to names of submodules, whose outputs [N, channels, h, w] they are.
    autocast    torch.bfloat16 or torch.float16 (with a gradient scaler) for mixed precision.
    compile     whether torch.compile runs the network.
    clip        largest norm of all gradients together.
    schedule    learning rate as a function of the update, from 0, in the place of the run's schedule; a parameter group
                with another rate than the optimizer's default keeps its ratio to it.
    """

    net: nn.Module
    optimizer: torch.optim.Optimizer | None = None
    features: Features = "global_pool"
    maps: Mapping[str, str] = dataclasses.field(default_factory=dict)
    autocast: torch.dtype | None = None
    compile: bool = False
    clip: float | None = None
    schedule: Callable[[int], float] | None = None


class Body(nn.Module):
    """The network of a student with its outputs by name: logits, features, map/NAME."""

    def __init__(self, student: Student, classes: int) -> None:
        super().__init__()
        self.net = student.net
        self._features = student.features
        self._maps = dict(student.maps)
        self._classes = classes
        self._seen: dict[str, Tensor] = {}
        self._hook_features()
        for name, module in self._maps.items():
            self._submodule(module, "maps").register_forward_hook(self._keep_output(f"map/{name}"))

    def _hook_features(self) -> None:
        if isinstance(self.net, torch.jit.ScriptModule) or callable(self._features):
            return
        if self._features != "global_pool":
            self._submodule(self._features, "features").register_forward_hook(self._keep_output("features"))
            return
        heads = [m for m in self.net.modules() if isinstance(m, nn.Linear) and m.out_features == self._classes]
        if heads:
            heads[-1].register_forward_pre_hook(self._keep_input)

    def _submodule(self, name: str, what: str) -> nn.Module:
        try:
            return self.net.get_submodule(name)
        except AttributeError:
            known = ", ".join(n for n, _ in self.net.named_children())
            raise Refused(
                wire.Failure.NETWORK, f"{what}: the network has no submodule {name}; it has {known}"
            ) from None

    def _keep_input(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._seen["features"] = inputs[0]

    def _keep_output(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            self._seen[name] = output

        return keep

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Outputs by name."""
        self._seen.clear()
        result = self._features(self.net, images) if callable(self._features) else self.net(images)
        return self.outputs(result)

    def outputs(self, result: Any) -> dict[str, Tensor]:
        """The outputs of the forward pass that has just returned this result."""
        if isinstance(result, (tuple, list)) and len(result) == 2 and all(isinstance(t, Tensor) for t in result):
            logits, features = result
        elif isinstance(result, Tensor):
            logits, features = result, self._seen.get("features")
            if features is None and isinstance(self.net, torch.jit.ScriptModule):
                features = result
        else:
            raise Refused(
                wire.Failure.NETWORK,
                f"the network returns a {type(result).__name__}: must be logits [N, {self._classes}], or (logits,"
                " features); give Student(net, features=FUNCTION) that returns both",
            )
        if logits.dim() != 2 or logits.shape[1] != self._classes:
            raise Refused(
                wire.Failure.NETWORK,
                f"logits of shape {list(logits.shape)}: must be [N, {self._classes}], one column for each class",
            )
        if features is None:
            raise Refused(
                wire.Failure.NETWORK,
                f"the network has no Linear with {self._classes} outputs whose input could be its features: give"
                " Student(net, features=...) the name of a submodule or a function",
            )
        out = {"logits": logits, "features": pooled(features)}
        for name in self._maps:
            out[f"map/{name}"] = self._seen[f"map/{name}"]
        self._seen.clear()
        return out


def pooled(features: Tensor) -> Tensor:
    """Features [N, D]: the mean over rows and columns of [N, D, h, w] and over positions of [N, T, D]."""
    if features.dim() == 4:
        return features.mean(dim=(2, 3))
    return features.mean(dim=1) if features.dim() == 3 else features
