import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from caller import FailureReply, equal, floats, hello, pixels, served, tensor, unready

from cohort_learner import wire

NETS = str(Path(__file__).with_name("nets.py"))


def of(function: str, **changes: Any) -> wire.Hello:
    return hello(**{"model": f"{NETS}:{function}", **changes})


def test_declares_logits_and_the_features_it_measured() -> None:
    with unready() as caller:
        ready = caller.start(of("small"))
    assert ready.version == wire.VERSION
    assert ready.framework == f"pytorch {torch.__version__}"
    assert ready.device == "cpu"
    assert ready.outputs == [wire.Output("logits", [3], True), wire.Output("features", [6], True)]
    assert (ready.parameters, ready.trained) == (93, 93)


def test_gradients_are_those_of_the_loss_in_one_graph() -> None:
    import nets

    from cohort_learner.learner import make

    setting = of("plain", dtype=wire.FLOAT64)
    student = make(setting)
    reference = nets.Small(3, 0.0).double()
    reference.load_state_dict(student.net.state_dict())
    images = torch.frombuffer(bytearray(pixels().data), dtype=torch.uint8).reshape(4, 8, 8, 1)
    features: list[torch.Tensor] = []
    reference.head.register_forward_pre_hook(lambda module, inputs: features.append(inputs[0]))
    logits = reference(((images.double() / 255 - 0.5) / 0.25).permute(0, 3, 1, 2))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])) + features[0].square().mean()
    loss.backward()

    outputs = student.forward(1, 1, images)
    z, f = (outputs[n].detach().requires_grad_() for n in ("logits", "features"))
    (torch.nn.functional.cross_entropy(z, torch.tensor([0, 1, 2, 0])) + f.square().mean()).backward()
    assert z.grad is not None and f.grad is not None
    student.backward(1, {"logits": z.grad, "features": f.grad})

    for name, parameter in student.net.named_parameters():
        torch.testing.assert_close(
            parameter.grad, dict(reference.named_parameters())[name].grad, rtol=1e-10, atol=1e-12
        )


@pytest.mark.parametrize("function", ["small", "adam", "everything"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_continues_bit_identically_from_a_snapshot(function: str, optimizer: str) -> None:
    setting = of(function, optimizer=wire.Optimizer(optimizer, 0.9, True, 1e-3, clip_norm=1.0, average_decay=0.9))
    with served(setting) as whole, served(setting) as second:
        for step in range(1, 4):
            whole.train(step)
        taken = whole.snapshot()
        for step in range(4, 7):
            whole.train(step)
        second.train(1)  # a state to be overwritten
        second.ask(wire.Restore(), *taken.values())
        assert equal(second.snapshot(), taken)
        for step in range(4, 7):
            second.train(step)
        assert equal(second.snapshot(), whole.snapshot())
        assert second.digest() == whole.digest()


def test_evaluates_by_the_average_of_the_weights() -> None:
    setting = of("plain", optimizer=wire.Optimizer("sgd", 0.9, average_decay=0.6))
    with served(setting) as averaged, served(of("plain", optimizer=wire.Optimizer("sgd", 0.9))) as net:
        expected: dict[str, list[float]] = {}
        for step, decay in enumerate([0.0, 0.5, 0.6, 0.6]):
            averaged.train(step)
            net.train(step)
            for name, weight in net.snapshot().items():
                if "/" not in name and not name.endswith("num_batches_tracked"):
                    old = expected.get(name, [0.0] * len(floats(weight)))
                    expected[name] = [decay * a + (1 - decay) * w for a, w in zip(old, floats(weight))]
        assert averaged.digest() == net.digest()
        state = averaged.snapshot()
        for name, values in expected.items():
            assert floats(state[f"average/{name}"]) == pytest.approx(values, rel=1e-5, abs=1e-6)
        before = averaged.ask(wire.Infer(), pixels())[1]
        assert not equal(before, net.ask(wire.Infer(), pixels())[1])
        assert equal(averaged.snapshot(), state)  # the weights are back in place
        net.ask(wire.Restore(), *_with(net.snapshot(), {n: v for n, v in state.items() if n.startswith("average/")}))
        after = net.ask(wire.Infer(), pixels())[1]
        assert floats(after["logits"]) == pytest.approx(floats(before["logits"]), rel=1e-5, abs=1e-6)


def _with(state: dict[str, wire.WireTensor], averages: dict[str, wire.WireTensor]) -> list[wire.WireTensor]:
    """The state with the averages in the place of the weights."""
    for name, average in averages.items():
        plain = name[len("average/") :]
        state[plain] = wire.WireTensor(plain, average.dtype, average.shape, average.data)
    return list(state.values())


def test_dropout_depends_on_seeds_slot_and_step_alone() -> None:
    def logits(step: int, slot: int, run_seed: int, before: int) -> list[float]:
        with served(of("small", slot=slot, run_seed=run_seed)) as caller:
            for pass_id in range(2, 2 + before):
                caller.ask(wire.Forward(pass_id, pass_id), pixels())
            return floats(caller.ask(wire.Forward(1, step), pixels())[1]["logits"])

    base = logits(5, 0, 7, 0)
    assert logits(5, 0, 7, 3) == base
    assert base not in (logits(6, 0, 7, 0), logits(5, 1, 7, 0), logits(5, 0, 8, 0))


def test_initial_weights_depend_on_the_seed() -> None:
    def digest(seed: int) -> str:
        with served(of("small", seed=seed)) as caller:
            return caller.digest()

    assert digest(1) == digest(1) != digest(2)


def test_the_digest_covers_floating_point_state_in_the_order_of_names() -> None:
    with served(of("small")) as caller:
        state = caller.snapshot()
        names = sorted(name for name in state if "/" not in name and "num_batches" not in name)
        assert names[0] == "conv.bias" and len(names) == 8
        assert caller.digest() == hashlib.sha256(b"".join(bytes(state[n].data) for n in names)).hexdigest()


def test_evaluation_changes_nothing_and_uses_running_statistics() -> None:
    with served(of("small")) as caller:
        caller.train(1)
        before = caller.snapshot()
        one = floats(caller.ask(wire.Infer(), pixels(1))[1]["logits"])
        many = floats(caller.ask(wire.Infer(), pixels(300))[1]["logits"])
        assert len(many) == 900
        assert one == pytest.approx(many[:3], rel=1e-5)
        assert equal(caller.snapshot(), before)


def test_two_parked_passes_are_finished_after_an_update() -> None:
    with served(of("plain", passes=2)) as caller:
        for pass_id in (1, 2):
            caller.ask(wire.Forward(pass_id, pass_id), pixels(salt=pass_id))
        for pass_id in (1, 2):
            caller.ask(wire.Backward(pass_id), tensor("logits", [4, 3], [0.1] * 12))
            caller.ask(wire.Update(0.1))


def test_a_released_pass_is_gone() -> None:
    with unready() as caller:
        caller.start(of("small"))
        caller.ask(wire.Forward(1, 1), pixels())
        caller.ask(wire.Release(1))
        with pytest.raises(FailureReply, match="pass 1: is not parked"):
            caller.ask(wire.Backward(1), tensor("logits", [4, 3], [0.1] * 12))


def test_rates_of_an_own_optimizer_follow_the_schedule_of_the_run() -> None:
    with served(of("adam", optimizer=wire.Optimizer("sgd", learning_rate=0.4))) as caller:
        caller.train(1, rate=0.4)
        assert floats(caller.snapshot()["optimizer/group0/lr:float"]) == [pytest.approx(1e-3)]
        caller.train(2, rate=0.1)
        assert floats(caller.snapshot()["optimizer/group0/lr:float"]) == [pytest.approx(2.5e-4)]


def test_everything_a_student_may_choose() -> None:
    with unready() as caller:
        ready = caller.start(of("everything"))
        assert [(o.name, o.row_shape) for o in ready.outputs] == [
            ("logits", [3]),
            ("features", [6]),
            ("map/conv", [6, 8, 8]),
        ]
        caller.train(1, rate=99)
        state = caller.snapshot()
        assert floats(state["optimizer/group1/lr:float"]) == [0.1]
        assert floats(state["optimizer/group0/lr:float"]) == [pytest.approx(0.02)]
        assert floats(state["norm.num_batches_tracked"]) == [1.0]


def test_features_by_a_function() -> None:
    with served(of("both")) as caller:
        outputs = caller.ask(wire.Forward(1, 1), pixels())[1]
        assert outputs["features"].shape == (4, 6)
        caller.ask(wire.Backward(1), tensor("logits", [4, 3], [0.1] * 12), tensor("features", [4, 6], [0.1] * 24))


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("frozen", wire.Failure.NETWORK, "no trainable parameters"),
        ("too_wide", wire.Failure.NETWORK, r"logits of shape \[2, 4\]: must be \[N, 3\]"),
        ("not_finite", wire.Failure.NETWORK, "logits are not finite with the initial weights"),
        ("headless", wire.Failure.NETWORK, "no Linear with 3 outputs"),
        ("raises", wire.Failure.CODE, r"ZeroDivisionError: no layers \(.*nets.py:\d+\)"),
        ("hungry", wire.Failure.MEMORY, "out of memory.*lower run.batch_size"),
        ("word", wire.Failure.NETWORK, "returns a str: must be a torch.nn.Module or a Student"),
        ("absent", wire.Failure.MODEL, "has no function absent; it has .*small"),
    ],
)
def test_explains_why_a_network_cannot_be_a_student(function: str, kind: int, message: str) -> None:
    with unready() as caller, pytest.raises(FailureReply, match=message) as caught:
        caller.start(of(function))
    assert caught.value.failure.kind == kind
    assert ("raises" in caught.value.failure.traceback) == (function == "raises")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "learner protocol 2: this cohort_learner has 1"),
        ({"model": "nets.py:small"}, "no such file"),
        ({"model": "resnet50"}, "must be FILE.py:FUNCTION"),
        ({"model": "timm:no_such_net"}, "timm:no_such_net"),
        ({"device": "cuda:77"}, "device cuda:77: torch .* cannot use it"),
        ({"device": "gpu"}, "device gpu"),
        ({"pretrained": True}, "only timm: and torchvision:"),
        ({"weights": "/nowhere.safetensors"}, "not a readable safetensors file"),
        ({"optimizer": wire.Optimizer("lion")}, "optimizer lion: must be sgd or adamw"),
    ],
)
def test_explains_what_a_setting_must_be(changes: dict[str, Any], message: str) -> None:
    with unready() as caller, pytest.raises(FailureReply, match=message):
        caller.start(of("small", **changes))


def test_a_snapshot_of_another_network_is_refused() -> None:
    with served(of("small")) as one:
        taken = one.snapshot()
    del taken["conv.bias"]
    with unready() as caller:
        caller.start(of("small"))
        with pytest.raises(FailureReply, match="snapshot does not fit this network: conv.bias"):
            caller.ask(wire.Restore(), *taken.values())


def test_one_image_and_batch_norm_is_explained() -> None:
    pytest.importorskip("torchvision")
    with unready() as caller:
        caller.start(
            hello(model="torchvision:resnet18", height=32, width=32, channels=3, mean=[0.5] * 3, deviation=[0.2] * 3)
        )
        with pytest.raises(FailureReply, match="last batch of an epoch has 2 images or more"):
            caller.ask(wire.Forward(1, 1), pixels(1, 32, 3))


def test_ends_when_the_peer_is_gone(tmp_path: Path) -> None:
    import socket
    import subprocess
    import sys

    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(1)
        child = subprocess.Popen(
            [sys.executable, "-m", "cohort_learner", "--socket", path],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        connected, _ = listening.accept()
        connected.close()
        assert child.wait(60) == 0
