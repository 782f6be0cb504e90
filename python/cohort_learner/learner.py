"""A student in training: what each request of learner.proto does to it."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import random
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Callable, cast

import torch
from torch import Tensor, nn

from cohort_learner import models, wire
from cohort_learner.average import WeightAverage
from cohort_learner.student import Body, Refused, Run, Student
from cohort_learner.wire import WireTensor

_WIRE = {torch.float16: wire.FLOAT16, torch.float32: wire.FLOAT32, torch.float64: wire.FLOAT64}
_TORCH = {wire.UINT8: torch.uint8, **{number: dtype for dtype, number in _WIRE.items()}}
_WIDER = {
    torch.bfloat16: torch.float32,
    torch.bool: torch.float16,
    torch.uint8: torch.float16,
    torch.int8: torch.float16,
    torch.int16: torch.float32,
    torch.int32: torch.float64,
    torch.int64: torch.float64,
}
_INFER_ROWS = 128


class Learner:
    """One network, its optimizer and its parked passes."""

    def __init__(self, hello: wire.Hello, student: Student, run: Run) -> None:
        self.run = run
        self.hello = hello
        self.student = student
        self.net = student.net
        self.net.to(device=run.device, dtype=run.dtype)
        self.normalised = Normaliser(run)
        body = Body(student, run.classes)
        self._measure(body)
        self.body = body
        self._pass: Callable[..., Any] = cast(Any, torch.compile(body)) if student.compile else body
        self.optimizer = student.optimizer or default_optimizer(self.net, hello.optimizer)
        self._own_rates = [group["lr"] for group in self.optimizer.param_groups]
        scaled = student.autocast is torch.float16 and run.device.type == "cuda"
        self._scaler = torch.cuda.amp.GradScaler() if scaled else None
        self._parked: dict[int, dict[str, Tensor]] = {}
        self.updates = 0
        decay = hello.optimizer.average_decay
        self._average = WeightAverage(self.weights(), decay) if decay else None
        self.optimizer.zero_grad(set_to_none=True)

    # ---- the network before training

    def _measure(self, body: Body) -> None:
        """Runs the network once on made-up images, so that whatever is wrong with it shows now; changes nothing."""
        buffers = {name: buffer.clone() for name, buffer in self.net.named_buffers()}
        channels, height, width = self.run.image
        pixels = torch.randint(
            0, 256, (2, height, width, channels), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
        )
        images = self.normalised(pixels.to(self.run.device))
        for training in (False, True):
            body.train(training)
            with torch.set_grad_enabled(training), self._autocast():
                outputs = body(images)
            self._check(outputs, 2)
        trained = [p for p in self.net.parameters() if p.requires_grad]
        if not trained:
            raise Refused(wire.Failure.NETWORK, "the network has no trainable parameters: set requires_grad on some")
        if outputs["logits"].grad_fn is None:
            raise Refused(
                wire.Failure.NETWORK, "the logits do not depend on any trainable parameter: train at least one"
            )
        with torch.no_grad():
            for name, buffer in self.net.named_buffers():
                if name in buffers:
                    buffer.copy_(buffers[name])
        self.rows = {name: list(output.shape[1:]) for name, output in outputs.items()}

    def _check(self, outputs: Mapping[str, Tensor], rows: int) -> None:
        for name, output in outputs.items():
            dimensions = 4 if name.startswith("map/") else 2
            if output.dim() != dimensions or output.shape[0] != rows:
                shape = "[N, channels, h, w]" if dimensions == 4 else "[N, D]"
                raise Refused(
                    wire.Failure.NETWORK,
                    f"{name} of shape {list(output.shape)} for {rows} images: must be {shape} with N = {rows}",
                )
            if not bool(torch.isfinite(output).all()):
                raise Refused(
                    wire.Failure.NETWORK, f"{name} are not finite with the initial weights: check weights and init"
                )

    def ready(self) -> wire.Ready:
        """The outputs of the network and its size."""
        parameters = list(self.net.parameters())
        return wire.Ready(
            version=wire.VERSION,
            framework=f"pytorch {torch.__version__}",
            device=str(self.run.device),
            outputs=[wire.Output(name, shape, True) for name, shape in self.rows.items()],
            parameters=sum(p.numel() for p in parameters),
            trained=sum(p.numel() for p in parameters if p.requires_grad),
        )

    # ---- passes

    def _autocast(self) -> Any:
        if self.student.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.run.device.type, dtype=self.student.autocast)

    def forward(self, pass_id: int, step: int, pixels: Tensor) -> dict[str, Tensor]:
        """A training pass, whose graph is parked."""
        seed_for(self.hello, self.run, step)
        self.body.train()
        images = self.normalised(pixels)
        with self._autocast():
            outputs = self._functional(images) if self.hello.passes > 1 else self._pass(images)
        return self.park(pass_id, outputs, len(pixels))

    def _functional(self, images: Tensor) -> dict[str, Tensor]:
        """With differentiable copies of the weights, so that an update leaves the graphs of open passes intact."""
        copies = {f"net.{name}": parameter.clone() for name, parameter in self.net.named_parameters()}
        call: Any = getattr(torch, "func", torch.nn.utils.stateless).functional_call
        return cast("dict[str, Tensor]", call(self.body, copies, (images,)))

    def park(self, pass_id: int, outputs: Mapping[str, Tensor], rows: int) -> dict[str, Tensor]:
        """Keeps the graph of these outputs and returns them in the type of the run."""
        if pass_id in self._parked:
            raise Refused(wire.Failure.REQUEST, f"pass {pass_id}: is parked already")
        whole = {name: output.to(self.run.dtype) for name, output in outputs.items()}
        for name, output in whole.items():
            if list(output.shape) != [rows, *self.rows[name]]:
                raise Refused(
                    wire.Failure.NETWORK,
                    f"{name} of shape {list(output.shape)}: must be {[rows, *self.rows[name]]} as at the start",
                )
        self._parked[pass_id] = whole
        return whole

    def take(self, pass_id: int) -> dict[str, Tensor]:
        """The outputs of a parked pass, which is parked no longer."""
        if pass_id not in self._parked:
            raise Refused(wire.Failure.REQUEST, f"pass {pass_id}: is not parked; a pass is trained or released once")
        return self._parked.pop(pass_id)

    def backward(self, pass_id: int, gradients: Mapping[str, Tensor]) -> None:
        """Adds the gradients of that pass to those collected."""
        outputs = self.take(pass_id)
        for name, gradient in gradients.items():
            if name not in outputs or outputs[name].shape != gradient.shape:
                shapes = {n: list(o.shape) for n, o in outputs.items()}
                raise Refused(
                    wire.Failure.REQUEST, f"gradient {name} of shape {list(gradient.shape)}: the outputs are {shapes}"
                )
        # The features of a frozen trunk, for example, depend on no trainable parameter.
        pairs = [(outputs[n], g) for n, g in gradients.items() if outputs[n].requires_grad]
        if pairs:
            scaled = self._scaler.scale([g for _, g in pairs]) if self._scaler else [g for _, g in pairs]
            torch.autograd.backward([output for output, _ in pairs], cast("Sequence[Tensor]", scaled))

    def update(self, rate: float) -> None:
        """One step of the optimizer."""
        self.set_rate(rate)
        if self._scaler:
            self._scaler.unscale_(self.optimizer)
        clip = self.student.clip or self.hello.optimizer.clip_norm
        if clip:
            nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], clip)
        if self._scaler:
            self._scaler.step(self.optimizer)
            self._scaler.update()
        else:
            self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.updated()

    def updated(self) -> None:
        """Notes that the optimizer has made a step."""
        if self._average:
            self._average.follow(self.updates)
        self.updates += 1

    def set_rate(self, rate: float) -> None:
        """The learning rate of the next update."""
        if self.student.schedule:
            factor = self.student.schedule(self.updates) / self.optimizer.defaults["lr"]
        elif self.student.optimizer:
            factor = rate / (self.hello.optimizer.learning_rate or rate)
        else:
            factor = rate
        for group, own in zip(self.optimizer.param_groups, self._own_rates):
            group["lr"] = own * factor

    def release(self, pass_id: int) -> None:
        """Frees the graph of a parked pass."""
        self.take(pass_id)

    def infer(self, pixels: Tensor) -> dict[str, Tensor]:
        """Outputs in evaluation mode, by the average of the weights if there is one."""
        self.body.eval()
        parts: list[dict[str, Tensor]] = []
        weights = self._average.in_force() if self._average else contextlib.nullcontext()
        with weights, torch.no_grad(), self._autocast(), torch.random.fork_rng(self._cuda_devices()):
            seed_for(self.hello, self.run, -1)
            for chunk in torch.split(pixels, _INFER_ROWS):
                outputs = self.body(self.normalised(chunk))
                parts.append({name: output.to(self.run.dtype) for name, output in outputs.items()})
        self.body.train()
        return {name: torch.cat([part[name] for part in parts]) for name in self.rows}

    def _cuda_devices(self) -> list[torch.device]:
        return [self.run.device] if self.run.device.type == "cuda" else []

    # ---- state

    def weights(self) -> dict[str, Tensor]:
        """Parameters and buffers by name."""
        return {**dict(self.net.named_parameters()), **dict(self.net.named_buffers())}

    def digest(self) -> str:
        """SHA-256 over the bytes of the floating-point parameters and buffers in the order of their names."""
        sha = hashlib.sha256()
        for _, tensor in sorted(self.weights().items()):
            if tensor.is_floating_point():
                sha.update(to_wire("", tensor).data)
        return sha.hexdigest()

    def snapshot(self) -> list[WireTensor]:
        """All that training continues from. The names of what is not a weight end in its type where it was widened."""
        entries: dict[str, Any] = dict(self.weights())
        names = {id(p): name for name, p in self.net.named_parameters()}
        for parameter, state in self.optimizer.state.items():
            for key, value in state.items():
                _add(entries, f"optimizer/{names[id(parameter)]}/{key}", value)
        for index, group in enumerate(self.optimizer.param_groups):
            for key, value in group.items():
                if isinstance(value, (bool, int, float)):
                    _add(entries, f"optimizer/group{index}/{key}", value)
        for key, value in (self._scaler.state_dict() if self._scaler else {}).items():
            _add(entries, f"scaler/{key}", value)
        for name, tensor in self._average.tensors.items() if self._average else ():
            _add(entries, f"average/{name}", tensor)
        _add(entries, "update/count", self.updates)
        _add(entries, "rng/cpu", torch.get_rng_state())
        if self.run.device.type == "cuda":
            _add(entries, "rng/cuda", torch.cuda.get_rng_state(self.run.device))
        return [to_wire(name, value) for name, value in sorted(entries.items())]

    def restore(self, tensors: Mapping[str, WireTensor]) -> None:
        """Overwrites all that snapshot returns."""
        own = self.weights()
        others = {name: tensor for name, tensor in tensors.items() if "/" in name}
        given = tensors.keys() - others.keys()
        if given != own.keys():
            odd = sorted(given ^ own.keys())
            raise Refused(
                wire.Failure.REQUEST,
                f"snapshot does not fit this network: {odd[0]} and {len(odd) - 1} more are only on one side; restore it"
                " into the model that it was taken from",
            )
        for name, tensor in own.items():
            if tuple(tensors[name].shape) != tuple(tensor.shape):
                raise Refused(
                    wire.Failure.REQUEST,
                    f"snapshot does not fit this network: {name} is {list(tensors[name].shape)} and must be"
                    f" {list(tensor.shape)}",
                )
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(from_wire(tensors[name]))
        self._parked.clear()
        self.optimizer.zero_grad(set_to_none=True)
        self._restore_rest({name: _value(name, tensor) for name, tensor in others.items()})

    def _restore_rest(self, values: Mapping[str, Any]) -> None:
        parameters = dict(self.net.named_parameters())
        scaler: dict[str, Any] = {}
        self.optimizer.state.clear()
        for name, value in values.items():
            kind, middle, key = name.split(":")[0].partition("/")[0], *_last(name.split(":")[0])
            if kind == "optimizer" and middle in parameters:
                parameter = parameters[middle]
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    value = value.to(parameter.device)
                self.optimizer.state[parameter][key] = value
            elif kind == "optimizer":
                self.optimizer.param_groups[int(middle[len("group") :])][key] = value
            elif kind == "average" and self._average:
                self._average.tensors[key].copy_(value)
            elif kind == "scaler":
                scaler[key] = value
            elif kind == "update":
                self.updates = value
            elif key == "cpu":
                torch.set_rng_state(value)
            elif key == "cuda" and self.run.device.type == "cuda":
                torch.cuda.set_rng_state(value, self.run.device)
        if self._scaler and scaler:
            self._scaler.load_state_dict(scaler)


def make(hello: wire.Hello) -> Learner:
    """The learner that Hello asks for."""
    torch.set_num_threads(max(1, hello.threads))
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings: Any = getattr(torch.utils, "deterministic", None)
    if settings is not None:
        settings.fill_uninitialized_memory = False  # costs time, and nothing reads such memory
    run = Run.of(hello)
    seed_all(run.device, hello.seed)
    return Learner(hello, models.make(hello, run), run)


def default_optimizer(net: nn.Module, setting: wire.Optimizer) -> torch.optim.Optimizer:
    """The optimizer of the experiment over the trainable parameters."""
    trained = [p for p in net.parameters() if p.requires_grad]
    if setting.name == "adamw":
        betas = (setting.beta1 or 0.9, setting.beta2 or 0.999)
        return torch.optim.AdamW(trained, 1.0, betas, setting.epsilon or 1e-8, setting.weight_decay)
    if setting.name in ("", "sgd"):
        return torch.optim.SGD(
            trained,
            1.0,
            momentum=setting.momentum,
            nesterov=setting.nesterov,
            weight_decay=setting.weight_decay,
        )
    raise Refused(wire.Failure.MODEL, f"optimizer {setting.name}: must be sgd or adamw, or one of the Student's own")


def seed_for(hello: wire.Hello, run: Run, step: int) -> None:
    """Seeds the randomness of a pass for that step. Newcomers have one slot, and each a seed of its own."""
    seed_all(run.device, hello.run_seed, run.slot, hello.seed, step)


def seed_all(device: torch.device, *parts: int) -> None:
    """Seeds every generator that a network on that device is likely to draw from, by these numbers alone."""
    digest = hashlib.sha256(" ".join(str(part) for part in parts).encode()).digest()
    seed = int.from_bytes(digest[:8], "little") >> 1
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)  # in a tenth of the time of torch.manual_seed
    else:
        torch.manual_seed(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed & 0xFFFFFFFF)


class Normaliser:
    """Makes images [N, channels, H, W] in channels_last order: (pixel / 255 - mean) / deviation, rounded once."""

    def __init__(self, run: Run) -> None:
        levels = torch.arange(256, dtype=torch.float64) / 255
        values = [(levels - mean) / deviation for mean, deviation in zip(run.mean, run.deviation)]
        self._table = torch.cat(values).to(dtype=run.dtype).to(run.device)
        # For a whole image, so that the addition has long rows.
        channel = 256 * torch.arange(len(values), dtype=torch.int32, device=run.device)
        self._channel = channel.repeat(run.image[1] * run.image[2])

    def __call__(self, pixels: Tensor) -> Tensor:
        """Of pixels [N, H, W, channels] on the device of the run."""
        index = pixels.int().flatten(1).add_(self._channel)
        values = self._table.index_select(0, index.flatten())
        return values.reshape(pixels.shape).permute(0, 3, 1, 2)


# ---- tensors of torch and of the wire


def to_wire(name: str, tensor: Tensor) -> WireTensor:
    """The bytes of a tensor; types that do not travel are widened exactly."""
    plain = tensor.detach()
    if plain.dtype not in _WIRE:
        if plain.dtype not in _WIDER:
            raise Refused(wire.Failure.NETWORK, f"{name} is a tensor of {plain.dtype}, which cannot be stored")
        wide = plain.to(_WIDER[plain.dtype])
        if plain.dtype is torch.int64 and not torch.equal(wide.to(torch.int64), plain):
            raise Refused(wire.Failure.NETWORK, f"{name} holds whole numbers above 2^53, which cannot be stored")
        plain = wide
    plain = plain.to("cpu").contiguous()
    size = plain.numel() * plain.element_size()
    # Without numpy; the copy outlives the tensor.
    data = ctypes.string_at(plain.data_ptr(), size) if size else b""
    return WireTensor(name, _WIRE[plain.dtype], tuple(plain.shape), data)


def from_wire(tensor: WireTensor) -> Tensor:
    """A tensor on the CPU, in the type that it travelled in."""
    data = tensor.data if isinstance(tensor.data, bytearray) else bytearray(tensor.data)
    return models.from_bytes(data, _TORCH[tensor.dtype], tensor.shape)


def _add(entries: dict[str, Any], name: str, value: Any) -> None:
    """Adds a tensor or a number, with its type behind the name where that would be lost."""
    if isinstance(value, Tensor):
        widened = value.dtype not in _WIRE
        entries[f"{name}:{str(value.dtype).partition('.')[2]}" if widened else name] = value
    elif isinstance(value, (bool, int, float)):
        entries[f"{name}:{type(value).__name__}"] = torch.tensor(value, dtype=torch.float64)
    elif value is not None:
        raise Refused(
            wire.Failure.NETWORK, f"{name} is a {type(value).__name__}: optimizers keep tensors and numbers only"
        )


def _value(name: str, tensor: WireTensor) -> Any:
    kind = name.partition(":")[2]
    value = from_wire(tensor)
    if kind in ("bool", "int", "float") and value.dim() == 0 and tensor.dtype == wire.FLOAT64:
        return {"bool": bool, "int": int, "float": float}[kind](value.item())
    return value.to(getattr(torch, kind)) if kind else value


def _last(name: str) -> tuple[str, str]:
    """What stands between the first and the last slash, and behind the last."""
    middle, _, key = name.partition("/")[2].rpartition("/")
    return middle, key
