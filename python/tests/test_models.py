from pathlib import Path

import nets
import pytest
import torch
from caller import FailureReply, equal, floats, hello, pixels, served, unready
from torch import nn

from cohort_learner import wire
from cohort_learner.models import read_safetensors

NETS = str(Path(__file__).with_name("nets.py"))


@pytest.mark.parametrize("model", ["timm:resnet18", "timm:vit_tiny_patch16_224", "torchvision:resnet18"])
def test_networks_by_name(model: str) -> None:
    pytest.importorskip(model.partition(":")[0])
    side = 224 if "224" in model else 32
    setting = hello(model=model, height=side, width=side, channels=3, mean=[0.5] * 3, deviation=[0.2] * 3)
    with served(setting) as caller:
        outputs = caller.ask(wire.Forward(1, 1), pixels(2, side, 3))[1]
        assert outputs["logits"].shape == (2, 3)
        assert outputs["features"].shape[1] > 3


def test_a_script_has_both_modes_and_a_trace_does_not(tmp_path: Path) -> None:
    net = nets.Small(3)
    scripted, traced = str(tmp_path / "scripted.pt"), str(tmp_path / "traced.pt")
    torch.jit.script(net).save(scripted)
    torch.jit.trace(net.eval(), torch.zeros(2, 1, 8, 8)).save(traced)
    with served(hello(model=f"file:{scripted}")) as caller:
        caller.train(1)
        assert caller.snapshot()["norm.running_mean"].shape == (6,)
    with unready() as caller, pytest.raises(FailureReply, match="BatchNorm2d, Dropout, yet .* torch.jit.script"):
        caller.start(hello(model=f"file:{traced}"))
    with unready() as caller, pytest.raises(FailureReply, match="torch.jit.load refuses it"):
        caller.start(hello(model=f"file:{NETS}"))


def test_weights_of_a_file(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    net = nets.Small(3)
    path = str(tmp_path / "w.safetensors")
    safetensors.save_file(net.state_dict(), path)
    with served(hello(model=f"{NETS}:small", weights=path)) as caller:
        assert floats(caller.snapshot()["head.bias"]) == net.head.bias.tolist()
    safetensors.save_file({**net.state_dict(), "head.bias": torch.zeros(4)}, path)
    with unready() as caller, pytest.raises(FailureReply, match="head.bias has another shape"):
        caller.start(hello(model=f"{NETS}:small", weights=path))
    safetensors.save_file({"head.bias": torch.zeros(3)}, path)
    with unready() as caller, pytest.raises(FailureReply, match=r"is not in the file \(0 of another shape, 0 unknown"):
        caller.start(hello(model=f"{NETS}:small", weights=path))


def test_reads_what_the_library_of_the_format_writes(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    tensors = {
        "half": torch.randn(2, 3).half(),
        "brain": torch.randn(3).bfloat16(),
        "long": torch.tensor(2**60),
        "flags": torch.tensor([True, False]),
        "empty": torch.empty(0, 3),
        "double": torch.randn(1, dtype=torch.float64),
    }
    path = str(tmp_path / "t.safetensors")
    safetensors.save_file(tensors, path, {"format": "pt"})
    read = read_safetensors(path)
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)


def test_every_type_of_buffer_travels_exactly() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, dtype in {"i": torch.int32, "b": torch.bool, "u": torch.uint8, "h": torch.bfloat16}.items():
                self.register_buffer(name, torch.tensor([1, 0, 1]).to(dtype), persistent=name != "u")
            self.register_buffer("l", torch.tensor([2**53 - 1]))
            self.head = nn.Linear(64, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(images.flatten(1))  # type: ignore[no-any-return]

    nets.__dict__["odd"] = lambda run: Odd()
    from cohort_learner.learner import Learner
    from cohort_learner.student import Run, Student

    setting = hello()
    run = Run.of(setting)
    one, other = (Learner(setting, Student(Odd()), run) for _ in range(2))
    taken = {tensor.name: tensor for tensor in one.snapshot()}
    other.restore(taken)
    assert equal({tensor.name: tensor for tensor in other.snapshot()}, taken)
    assert floats(taken["l"]) == [2**53 - 1]
