import re
import socket
import struct
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from caller import hello, pixels

from cohort_learner import wire

PROTO = Path(__file__).parents[2] / "protocol/src/main/protobuf/learner.proto"
KINDS = {"uint32": "unsigned", "uint64": "unsigned", "int64": "signed", "DType": "unsigned", "Kind": "unsigned"}


def declared() -> dict[str, dict[str, tuple[int, str, bool]]]:
    """Messages of learner.proto: fields by name, each with number, kind and whether it is repeated."""
    text = re.sub(r"//.*", "", PROTO.read_text())
    text = re.sub(r"enum \w+ \{[^}]*\}", "", text)
    messages = {}
    for name, body in re.findall(r"message (\w+) \{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", text):
        fields = re.findall(r"(repeated )?(\w+) (\w+) = (\d+);", body)
        messages[name] = {f: (int(n), KINDS.get(kind, kind), many != "") for many, kind, f, n in fields}
    return messages


def test_messages_are_those_of_the_published_protocol() -> None:
    import dataclasses

    def ours(cls: Any) -> dict[str, tuple[int, str, bool]]:
        return {f.name: (f.metadata["number"], f.metadata["kind"], f.metadata["many"]) for f in dataclasses.fields(cls)}

    messages = declared()
    requests, replies = messages.pop("Request"), messages.pop("Reply")
    assert {cls.__name__: cls.number for cls in wire.REQUESTS} == {
        kind: number for number, kind, _ in requests.values() if kind != "TensorInfo"
    }
    assert {cls.__name__: cls.number for cls in wire.REPLIES} == {
        kind: number for number, kind, _ in replies.values() if kind != "TensorInfo"
    }
    for name, fields in messages.items():
        assert ours(getattr(wire, name)) == fields, name


def test_encodes_as_protobuf_does() -> None:
    # Made with protobuf's own encoder.
    assert wire.Update(0.1).encode().hex() == "099a9999999999b93f"
    assert wire.Backward(300, -2.0).encode().hex() == "08ac021100000000000000c0"
    assert wire.TensorInfo("ab", 2, [1, 300]).encode().hex() == "0a02616210021a0301ac02"
    assert wire.Hello(seed=-1).encode().hex() == "58ffffffffffffffffff01"
    assert wire.Ready(outputs=[wire.Output("", [], False)]).encode().hex() == "2200"


def test_reads_back_what_it_writes() -> None:
    setting = hello(seed=-5, optimizer=wire.Optimizer("sgd", 0.9, True, 5e-4), mean=[0.1, 0.2], pretrained=True)
    assert wire.Hello.decode(setting.encode()) == setting
    assert wire.Hello.decode(wire.Hello().encode()) == wire.Hello()
    assert get_type_hints(wire.Hello)["seed"] is int


def test_reads_numbers_that_are_not_packed_and_skips_unknown_fields() -> None:
    assert wire.TensorInfo.decode(bytes.fromhex("18011802f80105fd0100000000")) == wire.TensorInfo("", 0, [1, 2])


@pytest.mark.parametrize("data", ["0a05", "08", "0b", "0affffffffffffffffffff01"])
def test_refuses_broken_messages(data: str) -> None:
    with pytest.raises(wire.WireError):
        wire.TensorInfo.decode(bytes.fromhex(data))


def test_a_frame_carries_its_tensors() -> None:
    one, other = socket.socketpair()
    with one, other:
        wire.Channel(one).send(wire.Infer(), [pixels(2), wire.WireTensor("none", wire.FLOAT32, (0, 3), b"")])
        body, tensors = wire.Channel(other).receive()
        assert isinstance(body, wire.Infer)
        assert bytes(tensors["images"].data) == pixels(2).data
        assert tensors["none"].shape == (0, 3)
        one.close()
        with pytest.raises(EOFError):
            wire.Channel(other).receive()


@pytest.mark.parametrize(
    ("header", "payload", "message"),
    [
        ("", b"", "without a known body"),
        ("b20100", b"123", "3 bytes more"),
        ("0a0510021a0102b20100", b"123", "does not fit"),
        ("0a021009b20100", b"", "does not fit"),
    ],
)
def test_refuses_frames_that_do_not_add_up(header: str, payload: bytes, message: str) -> None:
    one, other = socket.socketpair()
    with one, other:
        head = bytes.fromhex(header)
        one.sendall(struct.pack("<IQ", len(head), len(payload)) + head + payload)
        with pytest.raises(wire.WireError, match=message):
            wire.Channel(other).receive()
