import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from caller import Caller, equal, floats, hello, pixels, tensor

from cohort_learner import wire

pytest.importorskip("numpy")
ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def program(name: str, folder: Path, setting: wire.Hello) -> Iterator[Caller]:
    path = str(folder / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(1)
        child = subprocess.Popen(
            [sys.executable, str(ROOT / "examples/learners" / name), "--socket", path],
            env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        )
        connected, _ = listening.accept()
        os.unlink(path)
    caller = Caller(connected)
    caller.start(setting)
    yield caller
    caller.ask(wire.Close())
    assert child.wait(30) == 0


def test_gradients_are_those_of_autograd(tmp_path: Path) -> None:
    with program("numpy_learner.py", tmp_path, hello()) as caller:
        before = caller.snapshot()
        outputs = caller.ask(wire.Forward(1, 1), pixels())[1]
        dz, df = [0.1 * (i % 5 - 2) for i in range(12)], [0.01 * (i % 7 - 3) for i in range(128)]
        caller.ask(wire.Backward(1), tensor("logits", [4, 3], dz), tensor("features", [4, 32], df))
        caller.ask(wire.Update(1.0))
        after = caller.snapshot()

    w = {
        n: torch.tensor(floats(t)).reshape(t.shape).requires_grad_()
        for n, t in before.items()
        if not n.startswith("momentum/")
    }
    x = (torch.tensor(list(bytes(pixels().data))).reshape(4, -1) / 255 - 0.5) / 0.25
    f = torch.relu(x @ w["hidden.weight"] + w["hidden.bias"])
    z = f @ w["output.weight"] + w["output.bias"]
    torch.testing.assert_close(torch.tensor(floats(outputs["logits"])).reshape(4, 3), z.detach(), rtol=1e-5, atol=1e-6)
    torch.autograd.backward([z, f], [torch.tensor(dz).reshape(4, 3), torch.tensor(df).reshape(4, 32)])
    for name, weight in w.items():
        assert weight.grad is not None
        moved = weight.detach() - torch.tensor(floats(after[name])).reshape(weight.shape)
        torch.testing.assert_close(moved, weight.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("framework", ["numpy", "jax"])
def test_continues_bit_identically_from_a_snapshot(framework: str, tmp_path: Path) -> None:
    pytest.importorskip(framework)
    setting = hello(optimizer=wire.Optimizer("sgd", 0.9, True, 1e-3))
    with program(f"{framework}_learner.py", tmp_path, setting) as caller:
        caller.train(1)
        taken = caller.snapshot()
        caller.train(2)
        caller.train(3)
        expected = caller.snapshot()
        caller.ask(wire.Restore(), *taken.values())
        assert equal(caller.snapshot(), taken)
        caller.train(2)
        caller.train(3)
        assert equal(caller.snapshot(), expected)
        assert len(caller.digest()) == 64


def test_gradients_of_the_jax_student_are_slopes_of_its_outputs(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    dz, df = [0.1 * (i % 5 - 2) for i in range(12)], [0.01 * (i % 7 - 3) for i in range(256)]

    def value(caller: Caller, pass_id: int) -> float:
        outputs = caller.ask(wire.Forward(pass_id, 1), pixels())[1]
        pairs = zip([*floats(outputs["logits"]), *floats(outputs["features"])], [*dz, *df])
        return sum(output * gradient for output, gradient in pairs)

    with program("jax_learner.py", tmp_path, hello()) as caller:
        before = value(caller, 1)
        caller.ask(wire.Backward(1), tensor("logits", [4, 3], dz), tensor("features", [4, 64], df))
        start = caller.snapshot()
        rate = 1e-3
        caller.ask(wire.Update(rate))
        moved = caller.snapshot()
        square = sum(
            ((a - b) / rate) ** 2
            for name in start
            if not name.startswith("momentum/")
            for a, b in zip(floats(start[name]), floats(moved[name]))
        )
        # One step against the gradient lowers <outputs, gradients> by rate times its square.
        assert before - value(caller, 2) == pytest.approx(rate * square, rel=0.05)
