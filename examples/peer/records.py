"""Reads the records of a run: a reader of protobuf that takes its schema from the text of a .proto file."""

import re
import struct
from typing import Any, Dict, List, Tuple

Message = Dict[str, Any]

SCALARS = {"int32", "int64", "uint32", "bool", "double", "string", "bytes"}


class Schema:
    """The messages of a .proto file, each {number: (label, type, name)}, and its enums, each {number: name}."""

    def __init__(self, text: str) -> None:
        self.messages: Dict[str, Dict[int, Tuple[str, str, str]]] = {}
        self.enums: Dict[str, Dict[int, str]] = {}
        text = re.sub(r"//[^\n]*", "", text)
        tokens = re.findall(r'"[^"]*"|[\w.]+|[{}=;]', text)
        self._block(iter(tokens), "")

    def _block(self, tokens: Any, scope: str) -> None:
        words: List[str] = []
        for token in tokens:
            if token == "{":
                kind, name = words[-2:]
                inner = scope if kind == "oneof" else f"{scope}.{name}".lstrip(".")
                if kind == "message":
                    self.messages[inner] = {}
                elif kind == "enum":
                    self.enums[inner] = {}
                self._block(tokens, inner)
                words = []
            elif token == "}":
                return
            elif token == ";":
                self._field(words, scope)
                words = []
            else:
                words.append(token)

    def _field(self, words: List[str], scope: str) -> None:
        if scope in self.enums:
            self.enums[scope][int(words[-1])] = words[0]
        elif scope in self.messages and "=" in words:
            label = words[0] if words[0] in ("repeated", "optional") else ""
            self.messages[scope][int(words[-1])] = (label, words[-4], words[-3])

    def _type(self, name: str, scope: str) -> str:
        while scope and f"{scope}.{name}" not in self.messages and f"{scope}.{name}" not in self.enums:
            scope = scope.rpartition(".")[0]
        return f"{scope}.{name}".lstrip(".")

    def read(self, data: bytes, message: str = "Envelope") -> Message:
        """A record as {name: value}. What is absent: [] if repeated, None if a message or optional, else 0, "", b"" or False."""
        fields = self.messages[message]
        out: Message = {}
        for label, kind, name in fields.values():
            plain = kind in SCALARS or self._type(kind, message) in self.enums
            out[name] = [] if label == "repeated" else None if label or not plain else self._default(kind, message)
        at = 0
        while at < len(data):
            tag, at = varint(data, at)
            number, wire = tag >> 3, tag & 7
            value: Any
            if wire == 0:
                value, at = varint(data, at)
            elif wire == 1:
                value, at = data[at : at + 8], at + 8
            elif wire == 5:
                value, at = data[at : at + 4], at + 4
            elif wire == 2:
                size, at = varint(data, at)
                value, at = data[at : at + size], at + size
            else:
                raise ValueError(f"wire type {wire}")
            if number in fields:
                label, kind, name = fields[number]
                self._put(out, label, kind, name, value, wire, message)
        return out

    def _default(self, kind: str, scope: str) -> Any:
        if kind not in SCALARS:
            return self.enums[self._type(kind, scope)][0]
        return {"string": "", "bytes": b"", "double": 0.0, "bool": False}.get(kind, 0)

    def _put(self, out: Message, label: str, kind: str, name: str, value: Any, wire: int, scope: str) -> None:
        if label == "repeated" and wire == 2 and kind in ("int32", "int64", "uint32", "bool"):
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                out[name].append(self._value(one, kind, scope))
        elif label == "repeated" and wire == 2 and kind == "double":
            out[name].extend(struct.unpack(f"<{len(value) // 8}d", value))
        elif label == "repeated":
            out[name].append(self._value(value, kind, scope))
        else:
            out[name] = self._value(value, kind, scope)

    def _value(self, value: Any, kind: str, scope: str) -> Any:
        if kind == "double":
            return struct.unpack("<d", value)[0]
        if kind == "string":
            return value.decode()
        if kind == "bool":
            return bool(value)
        if kind in ("int32", "int64"):
            return value - (1 << 64) if value >> 63 else value
        if kind in SCALARS:
            return value
        full = self._type(kind, scope)
        return self.enums[full][value] if full in self.enums else self.read(value, full)


def varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
