import os
import socket
import threading
from pathlib import Path
from typing import Any

import nets
import pytest
import torch
from caller import Caller, hello, pixels, tensor

from cohort_learner import OwnLoop, PassReleased, join, wire


def peer_side(work: Any) -> tuple[wire.Channel, threading.Thread, list[Any]]:
    """A peer that does this work, in a thread."""
    ours, its = socket.socketpair()
    results: list[Any] = []

    def run() -> None:
        with ours:
            results.append(work(Caller(ours)))

    thread = threading.Thread(target=run)
    thread.start()
    return wire.Channel(its), thread, results


def test_a_loop_of_ones_own_trains_as_the_learner_does() -> None:
    def work(caller: Caller) -> Any:
        ready = caller.start(hello(optimizer=wire.Optimizer("sgd", 0.9, learning_rate=1.0)))
        assert [o.name for o in ready.outputs] == ["logits", "features"]
        caller.ask(wire.Infer(), pixels(5))
        for step in range(1, 4):
            caller.train(step, rate=0.05 * step)
            caller.ask(wire.Infer(), pixels(5))
        state = caller.snapshot()
        caller.ask(wire.Close())
        return {name: bytes(t.data) for name, t in state.items() if "group" not in name}

    channel, thread, results = peer_side(work)
    peer = OwnLoop(channel)
    torch.manual_seed(3)
    net = nets.Small(peer.run.classes)
    begin = {name: t.clone() for name, t in net.state_dict().items()}
    net_, optimizer = peer.wrap(net, torch.optim.SGD(net.parameters(), lr=1.0, momentum=0.9))
    losses, rates = [], []
    for batch in peer:
        assert net_.training
        loss = batch.teach(net_(batch.images))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
    thread.join()
    assert losses == [1.5] * 3
    assert rates == pytest.approx([0.05, 0.1, 0.15])

    from cohort_learner.learner import Learner, from_wire
    from cohort_learner.student import Run, Student

    setting = hello(optimizer=wire.Optimizer("sgd", 0.9, learning_rate=1.0))
    other = nets.Small(3)
    other.load_state_dict(begin)
    reference = Learner(setting, Student(other), Run.of(setting))
    for step in range(1, 4):
        reference.forward(step, step, from_wire(pixels(4, salt=step)))
        values = [((i * 7 + step) % 5 - 2) / 10 for i in range(12)]
        reference.backward(step, {"logits": from_wire(tensor("logits", [4, 3], values))})
        reference.update(0.05 * step)
    # After the last evaluation nothing more is drawn, so the generators agree as well.
    expected = {t.name: bytes(t.data) for t in reference.snapshot() if "group" not in t.name}
    assert {n: d for n, d in results[0].items() if "rng" not in n} == {
        n: d for n, d in expected.items() if "rng" not in n
    }


def test_gradients_are_exactly_those_that_were_sent_features_included() -> None:
    logits_gradient = [0.1 * i for i in range(6)]
    features_gradient = [0.01 * i for i in range(12)]

    def work(caller: Caller) -> None:
        caller.start(hello())
        caller.ask(wire.Forward(1, 1), pixels(2))
        caller.ask(
            wire.Backward(1, 2.25),
            tensor("logits", [2, 3], logits_gradient),
            tensor("features", [2, 6], features_gradient),
        )
        caller.ask(wire.Update(0.1))
        caller.ask(wire.Close())

    channel, thread, _ = peer_side(work)
    peer = OwnLoop(channel)
    net = nets.Small(3, 0.0)

    def both(module: Any, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = module.conv(images).mean(dim=(2, 3))
        return module.head(features), features

    peer.wrap(net, torch.optim.SGD(net.parameters(), lr=1.0), features=both)
    for batch in peer:
        logits, features = both(net, batch.images)
        logits.retain_grad()
        own = features.clone()
        loss = batch.teach(logits, own)
        own.retain_grad()
        loss.backward()
        assert loss.item() == 2.25
        assert logits.grad is not None
        assert logits.grad.flatten().tolist() == torch.tensor(logits_gradient).tolist()
    thread.join()


def test_a_batch_that_the_peer_gives_up_raises() -> None:
    def work(caller: Caller) -> None:
        caller.start(hello())
        caller.ask(wire.Forward(1, 1), pixels(2))
        caller.ask(wire.Release(1))

    channel, thread, _ = peer_side(work)
    peer = OwnLoop(channel)
    net = nets.Small(3)
    peer.wrap(net, torch.optim.SGD(net.parameters(), lr=1.0))
    with pytest.raises(PassReleased):
        for batch in peer:
            batch.teach(net(batch.images))
    for _ in peer:
        raise AssertionError("the peer has closed")
    peer.close()
    thread.join(1)


def test_another_pace_is_refused() -> None:
    def work(caller: Caller) -> str:
        with pytest.raises(Exception, match=r"set pace\.mode to strict") as caught:
            caller.start(hello(passes=4))
        return str(caught.value)

    channel, thread, results = peer_side(work)
    with pytest.raises(Exception, match="one batch at a time"):
        OwnLoop(channel)
    thread.join()
    assert results


STAND_IN = """#!{python}
import signal, socket, sys
sys.path[:0] = {path!r}
from caller import Caller, hello, pixels
from cohort_learner import wire
print(*sys.argv[1:], file=open({log!r}, "w"), flush=True)
connected = socket.socket(socket.AF_UNIX)
connected.connect(sys.argv[sys.argv.index("--learner") + 1])
caller = Caller(connected)
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
caller.start(hello())
step = 0
while not stopped:
    step += 1
    caller.train(step)
caller.ask(wire.Close())
open({log!r}, "a").write("drained")
"""


def test_join_starts_the_peer_and_ctrl_c_leaves_in_order(tmp_path: Path) -> None:
    import signal
    import sys

    here = Path(__file__).parent
    command, log = tmp_path / "cohort", tmp_path / "log"
    command.write_text(STAND_IN.format(python=sys.executable, path=[str(here), str(here.parent)], log=str(log)))
    command.chmod(0o755)
    peer = join("run-1@localhost:9092", id="p4", device="cpu", cohort=str(command), arguments=["--from", "head"])
    net, optimizer = peer.wrap(net_ := nets.Small(3), torch.optim.SGD(net_.parameters(), lr=1.0))
    steps = 0
    for batch in peer:
        loss = batch.teach(net(batch.images))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
        if steps == 3:
            os.kill(os.getpid(), signal.SIGINT)
    assert steps >= 3
    text = log.read_text()
    assert text.startswith("join --run run-1@localhost:9092 --peer p4 --learner /")
    assert text.endswith("drained")


def test_lightning_trains_it() -> None:
    lightning = pytest.importorskip("lightning")

    def work(caller: Caller) -> Any:
        caller.start(hello(steps=10, optimizer=wire.Optimizer("sgd", 0.9, learning_rate=1.0)))
        for step in range(1, 5):
            caller.train(step, rate=0.05)
        state = caller.snapshot()
        caller.ask(wire.Close())
        return state

    channel, thread, results = peer_side(work)
    peer = OwnLoop(channel)
    net = nets.Small(peer.run.classes)
    begin = {name: t.clone() for name, t in net.state_dict().items()}
    losses = []

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net, self.optimizer = peer.wrap(net, torch.optim.SGD(net.parameters(), lr=1.0, momentum=0.9))

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            loss: torch.Tensor = batch.teach(self.net(batch.images))
            losses.append(loss.item())
            return loss

        def configure_optimizers(self) -> Any:
            return self.optimizer

    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet).fit(Module(), peer)
    thread.join()
    assert losses == [1.5] * 4

    from cohort_learner.learner import Learner, from_wire
    from cohort_learner.student import Run, Student

    setting = hello(optimizer=wire.Optimizer("sgd", 0.9, learning_rate=1.0))
    other = nets.Small(3)
    other.load_state_dict(begin)
    reference = Learner(
        setting, Student(other, torch.optim.SGD(other.parameters(), lr=1.0, momentum=0.9)), Run.of(setting)
    )
    for step in range(1, 5):
        reference.forward(step, step, from_wire(pixels(4, salt=step)))
        values = [((i * 7 + step) % 5 - 2) / 10 for i in range(12)]
        reference.backward(step, {"logits": from_wire(tensor("logits", [4, 3], values))})
        reference.update(0.05)
    for name, parameter in other.named_parameters():
        assert bytes(results[0][name].data) == parameter.detach().numpy().tobytes(), name


def test_a_peer_that_cannot_start_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with exit status 1"):
        join("run-1@localhost:9092", id="p4", cohort="/bin/false")
    os.environ["COHORT_HOME"] = str(tmp_path)
    try:
        with pytest.raises(RuntimeError, match="no command cohort in COHORT_HOME"):
            join("run-1@localhost:9092", id="p4")
    finally:
        del os.environ["COHORT_HOME"]
