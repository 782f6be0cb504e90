"""Frames and messages of learner.proto. Needs neither torch nor a protobuf library.

A frame is the length of its header (4 bytes), the length of its payload (8 bytes), the header, a protobuf message, and
the payload, the bytes of the header's tensors. All little-endian.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

VERSION = 1
FLOAT16, FLOAT32, FLOAT64, UINT8 = 1, 2, 3, 4
DTYPE_BYTES = {FLOAT16: 2, FLOAT32: 4, FLOAT64: 8, UINT8: 1}
HEADER_BYTES_MAX = 64 << 20
_FRAME = struct.Struct("<IQ")
_TOGETHER_BYTES_MAX = 1 << 17
_SCALARS: dict[str, Any] = {"unsigned": 0, "signed": 0, "bool": False, "double": 0.0, "string": ""}
_NUMBERS = ("unsigned", "signed", "bool", "double")


_MESSAGES: dict[str, type[Message]] = {}

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform as _dataclass_transform
else:

    def _dataclass_transform():
        return lambda cls: cls


class WireError(Exception):
    """Bytes that learner.proto does not allow."""


def _field(number: int, kind: str, many: bool = False) -> Any:
    """A field of a message; kind is one of _SCALARS or the name of a message."""
    about = {"number": number, "kind": kind, "many": many}
    if many:
        return dataclasses.field(default_factory=list, metadata=about)
    if kind in _SCALARS:
        return dataclasses.field(default=_SCALARS[kind], metadata=about)
    return dataclasses.field(default_factory=lambda: _MESSAGES[kind](), metadata=about)


@_dataclass_transform()
class Message:
    """A message of learner.proto; subclasses are dataclasses whose fields carry the numbers and kinds."""

    number: ClassVar[int]  # of this body in Request or Reply; 0 for others

    def __init_subclass__(cls, number: int = 0) -> None:
        dataclasses.dataclass(cls)
        cls.number = number
        _MESSAGES[cls.__name__] = cls

    def encode(self) -> bytes:
        """The protobuf bytes; fields of the default value are left out."""
        out = bytearray()
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            number, kind, many = field.metadata["number"], field.metadata["kind"], field.metadata["many"]
            value = getattr(self, field.name)
            if many and kind in _NUMBERS:
                if value:
                    _put_bytes(out, number, b"".join(_scalar(kind, each) for each in value))
            elif kind in _NUMBERS:
                if value:
                    out += _varint(number << 3 | (1 if kind == "double" else 0)) + _scalar(kind, value)
            else:
                for each in value if many else [value]:
                    content = each.encode()
                    if content or many:
                        _put_bytes(out, number, content)
        return bytes(out)

    @classmethod
    def decode(cls: type[M], data: bytes) -> M:
        """Reads protobuf bytes; unknown fields are skipped."""
        message = cls()
        fields = {field.metadata["number"]: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for number, value in _fields(data):
            field = fields.get(number)
            if field is None:
                continue
            kind = field.metadata["kind"]
            values = _values(kind, value)
            if field.metadata["many"]:
                getattr(message, field.name).extend(values)
            elif values:
                setattr(message, field.name, values[-1])
        return message


M = TypeVar("M", bound=Message)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _scalar(kind: str, value: Any) -> bytes:
    return struct.pack("<d", value) if kind == "double" else _varint(int(value))


def _put_bytes(out: bytearray, number: int, content: bytes) -> None:
    out += _varint(number << 3 | 2) + _varint(len(content)) + content


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise WireError("a message ends inside a number")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & (1 << 64) - 1, at
    raise WireError("a number of more than 10 bytes")


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Numbers and raw values; a fixed-size one as its bytes."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == 0:
            value, at = _read_varint(data, at)
            fields.append((key >> 3, value))
            continue
        if key & 7 == 2:
            size, at = _read_varint(data, at)
        elif key & 7 in (1, 5):
            size = 8 if key & 7 == 1 else 4
        else:
            raise WireError(f"a field of wire type {key & 7}")
        if at + size > len(data):
            raise WireError("a message ends inside a field")
        fields.append((key >> 3, data[at : at + size]))
        at += size
    return fields


def _values(kind: str, raw: int | bytes) -> list[Any]:
    """One value, or those of a packed field."""
    if kind in ("unsigned", "signed", "bool"):
        numbers = [raw] if isinstance(raw, int) else _packed(raw)
        if kind == "bool":
            return [number != 0 for number in numbers]
        return [n - (1 << 64) if kind == "signed" and n >> 63 else n for n in numbers]
    if isinstance(raw, int):
        raise WireError(f"a number where a {kind} belongs")
    if kind == "double":
        if len(raw) % 8:
            raise WireError("a double of a wrong size")
        return [value for (value,) in struct.iter_unpack("<d", raw)]
    if kind == "string":
        return [raw.decode("utf-8")]
    return [_MESSAGES[kind].decode(raw)]


def _packed(data: bytes) -> list[int]:
    numbers = []
    at = 0
    while at < len(data):
        number, at = _read_varint(data, at)
        numbers.append(number)
    return numbers


# ruff: noqa: D101  -- learner.proto documents the messages.


class TensorInfo(Message):
    name: str = _field(1, "string")
    dtype: int = _field(2, "unsigned")
    shape: list[int] = _field(3, "unsigned", many=True)


class Optimizer(Message):
    name: str = _field(1, "string")
    momentum: float = _field(2, "double")
    nesterov: bool = _field(3, "bool")
    weight_decay: float = _field(4, "double")
    clip_norm: float = _field(5, "double")
    beta1: float = _field(6, "double")
    beta2: float = _field(7, "double")
    epsilon: float = _field(8, "double")
    average_decay: float = _field(9, "double")
    learning_rate: float = _field(10, "double")


class Hello(Message, number=16):
    version: int = _field(1, "unsigned")
    model: str = _field(2, "string")
    classes: int = _field(3, "unsigned")
    height: int = _field(4, "unsigned")
    width: int = _field(5, "unsigned")
    channels: int = _field(6, "unsigned")
    mean: list[float] = _field(7, "double", many=True)
    deviation: list[float] = _field(8, "double", many=True)
    dtype: int = _field(9, "unsigned")
    slot: int = _field(10, "unsigned")
    seed: int = _field(11, "signed")
    run_seed: int = _field(12, "signed")
    steps: int = _field(13, "unsigned")
    batch_size: int = _field(14, "unsigned")
    device: str = _field(15, "string")
    threads: int = _field(16, "unsigned")
    optimizer: Optimizer = _field(17, "Optimizer")
    pretrained: bool = _field(18, "bool")
    weights: str = _field(19, "string")
    passes: int = _field(20, "unsigned")


class Forward(Message, number=17):
    pass_id: int = _field(1, "unsigned")
    step: int = _field(2, "unsigned")


class Backward(Message, number=18):
    pass_id: int = _field(1, "unsigned")
    loss: float = _field(2, "double")


class Update(Message, number=19):
    rate: float = _field(1, "double")


class Release(Message, number=20):
    pass_id: int = _field(1, "unsigned")


class Infer(Message, number=21):
    pass


class Snapshot(Message, number=22):
    pass


class Restore(Message, number=23):
    pass


class Weights(Message, number=24):
    pass


class Close(Message, number=25):
    pass


class Output(Message):
    name: str = _field(1, "string")
    row_shape: list[int] = _field(2, "unsigned", many=True)
    published: bool = _field(3, "bool")


class Ready(Message, number=16):
    version: int = _field(1, "unsigned")
    framework: str = _field(2, "string")
    device: str = _field(3, "string")
    outputs: list[Output] = _field(4, "Output", many=True)
    parameters: int = _field(5, "unsigned")
    trained: int = _field(6, "unsigned")


class Outputs(Message, number=17):
    pass


class Done(Message, number=18):
    pass


class State(Message, number=19):
    pass


class WeightsDigest(Message, number=20):
    sha256: str = _field(1, "string")


class Failure(Message, number=21):
    VERSION: ClassVar[int] = 1
    MODEL: ClassVar[int] = 2
    CODE: ClassVar[int] = 3
    NETWORK: ClassVar[int] = 4
    MEMORY: ClassVar[int] = 5
    REQUEST: ClassVar[int] = 6

    kind: int = _field(1, "unsigned")
    message: str = _field(2, "string")
    traceback: str = _field(3, "string")


REQUESTS: Sequence[type[Message]] = (
    Hello,
    Forward,
    Backward,
    Update,
    Release,
    Infer,
    Snapshot,
    Restore,
    Weights,
    Close,
)
REPLIES: Sequence[type[Message]] = (Ready, Outputs, Done, State, WeightsDigest, Failure)


class WireTensor(NamedTuple):
    """A tensor of a payload: dtype as in learner.proto, row-major little-endian bytes."""

    name: str
    dtype: int
    shape: tuple[int, ...]
    data: bytes | bytearray | memoryview


class Channel:
    """One side of a connected socket: sends and receives whole frames."""

    def __init__(self, connected: socket.socket, incoming: Sequence[type[Message]] = REQUESTS) -> None:
        self._socket = connected
        self._incoming = {body.number: body for body in incoming}

    @staticmethod
    def connect(path: str) -> Channel:
        """The learner's side of the socket at that path."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.connect(path)
        return Channel(connected)

    def send(self, body: Message, tensors: Sequence[WireTensor] = ()) -> None:
        """Sends one frame."""
        header = bytearray()
        for tensor in tensors:
            _put_bytes(header, 1, TensorInfo(tensor.name, tensor.dtype, list(tensor.shape)).encode())
        _put_bytes(header, body.number, body.encode())
        size = sum(len(memoryview(tensor.data).cast("B")) for tensor in tensors)
        head = _FRAME.pack(len(header), size) + header
        if size <= _TOGETHER_BYTES_MAX:
            # In one piece: each piece may wake the other side.
            self._socket.sendall(b"".join([head, *(tensor.data for tensor in tensors)]))
            return
        self._socket.sendall(head)
        for tensor in tensors:
            self._socket.sendall(tensor.data)

    def receive(self) -> tuple[Message, dict[str, WireTensor]]:
        """The next frame: its body and its tensors by name. Raises EOFError when the other side has closed."""
        header_bytes, payload_bytes = _FRAME.unpack(self._exactly(_FRAME.size))
        if header_bytes > HEADER_BYTES_MAX:
            raise WireError(f"a header of {header_bytes} bytes: must be at most {HEADER_BYTES_MAX}")
        body: Message | None = None
        infos: list[TensorInfo] = []
        for number, value in _fields(bytes(self._exactly(header_bytes))):
            if number == 1 and isinstance(value, bytes):
                infos.append(TensorInfo.decode(value))
            elif number in self._incoming and isinstance(value, bytes):
                body = self._incoming[number].decode(value)
        if body is None:
            raise WireError("a frame without a known body")
        tensors = {}
        for info in infos:
            size = DTYPE_BYTES.get(info.dtype, 0)
            for dimension in info.shape:
                size *= dimension
            payload_bytes -= size
            if info.dtype not in DTYPE_BYTES or payload_bytes < 0 or info.name in tensors:
                raise WireError(
                    f"tensor {info.name} of type {info.dtype} and shape {info.shape} does not fit its frame"
                )
            tensors[info.name] = WireTensor(info.name, info.dtype, tuple(info.shape), self._exactly(size))
        if payload_bytes:
            raise WireError(f"a payload with {payload_bytes} bytes more than its tensors")
        return body, tensors

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        at = 0
        while at < size:
            count = self._socket.recv_into(view[at:])
            if count == 0:
                raise EOFError("the other side has closed the connection")
            at += count
        return data

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()
