"""Partitions, digests and pictures, by PROTOCOL.md and cohort.proto alone. Python 3.9 or newer, nothing else. Written to be
read: for speed, use arrays."""

import hashlib
import struct
from typing import List, Sequence

from records import Message

# ---- where a prediction goes


def partition(peer: str, partitions: int) -> int:
    """FNV-1a of 32 bits over the bytes of the id; read as a signed number; the remainder that is not negative."""
    value = 0x811C9DC5
    for byte in peer.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >> 31 else value
    return signed % partitions


# ---- digests


class Hasher:
    """SHA-256 over numbers of 8 bytes, little-endian; text and bytes come after their length."""

    def __init__(self) -> None:
        self.sha = hashlib.sha256()

    def number(self, value: float) -> "Hasher":
        self.sha.update(struct.pack("<d" if isinstance(value, float) else "<q", value))
        return self

    def bytes(self, value: bytes) -> "Hasher":
        self.number(len(value))
        self.sha.update(value)
        return self

    def text(self, value: str) -> "Hasher":
        return self.bytes(value.encode())

    def ints(self, values: Sequence[int]) -> "Hasher":
        self.number(len(values))
        for value in values:
            self.number(value)
        return self

    def digest(self, value: bytes) -> "Hasher":
        self.sha.update(value)
        return self

    def tensor(self, tensor: Message) -> "Hasher":
        return self.text(tensor["dtype"][len("DTYPE_") :]).ints(tensor["shape"]).bytes(tensor["data"])

    def end(self) -> bytes:
        return self.sha.digest()


def images_digest(count: int, height: int, width: int, channels: int, pixels: bytes) -> bytes:
    return Hasher().number(count).number(height).number(width).number(channels).bytes(pixels).end()


def tensors_digest(named: List[Message]) -> bytes:
    hasher = Hasher().number(len(named))
    for one in sorted(named, key=lambda t: t["name"]):
        hasher.text(one["name"]).tensor(one["tensor"])
    return hasher.end()


KINDS = {
    "soft_target": "SoftTarget",
    "gated_cross_entropy": "GatedCrossEntropy",
    "leaf_gradient": "LeafGradient",
    "own_target": "OwnTarget",
    "cross_entropy": "CrossEntropy",
    "own_branches": "OwnBranches",
    "copies": "Copies",
    "figures": "Figures",
}


def word(constant: str, prefix: str) -> str:
    """A constant of the .proto without its prefix, as it is hashed."""
    return constant[len(prefix) :]


def kind_of(term: Message) -> str:
    return next(kind for kind in KINDS if term[kind] is not None)


def hash_terms(terms: List[Message], hasher: Hasher) -> None:
    hasher.number(len(terms))
    for term in terms:
        kind = kind_of(term)
        body = term[kind]
        hasher.text(KINDS[kind]).text(term["name"])
        if kind == "soft_target":
            hasher.tensor(body["values"]).text(word(body["space"], "SPACE_")).text(word(body["vote"], "VOTE_"))
            hasher.number(body["weight"]).number(body["temperature"]).text(word(body["audience"], "AUDIENCE_"))
        elif kind == "gated_cross_entropy":
            hasher.tensor(body["gates"]).number(body["weight"])
        elif kind == "leaf_gradient":
            hasher.text(body["tensor"]).tensor(body["gradient"])
        elif kind == "own_target":
            hasher.text(word(body["form"], "FORM_")).number(body["weight"]).number(body["temperature"])
        elif kind == "cross_entropy":
            hasher.number(body["weight"])
        elif kind == "own_branches":
            hasher.number(body["weight"]).number(body["temperature"])
        elif kind == "copies":
            hasher.number(len(body["students"]))
            for copy in body["students"]:
                hasher.number(copy["slot"]).digest(tensors_digest(copy["weights"]))
        else:
            figures = sorted(body["figures"], key=lambda f: f["name"])
            hasher.number(len(figures))
            for figure in figures:
                hasher.text(figure["name"]).number(figure["value"])


def addressed_digest(part: Message) -> bytes:
    hasher = Hasher().number(part["step"]).number(part["part"]).text(part["peer"]).number(part["slot"])
    hash_terms(part["terms"], hasher)
    return hasher.end()


def outcome_digest(outcome: Message, first_starts: bool = False) -> bytes:
    """first_starts: as in the fingerprint of a run, with every incarnation taken as 1."""
    hasher = Hasher().number(outcome["step"]).number(outcome["part"]).digest(outcome["state_before"])
    hasher.number(len(outcome["contributors"]))
    for c in outcome["contributors"]:
        hasher.text(c["peer"]).number(c["slot"]).number(1 if first_starts else c["incarnation"])
        hasher.number(c["version"]).digest(c["tensors"])
    if outcome["renewed"]:
        hasher.text("renewed").ints(outcome["renewed"])
    targets = outcome["targets"]
    if targets is None:
        return hasher.text(word(outcome["skipped"]["reason"], "REASON_")).end()
    hasher.text("targets").number(targets["label_weight"]).number(1 if targets["exact"] else 0)
    hash_terms(targets["terms"], hasher)
    hasher.number(len(targets["addressed"]))
    for part in targets["addressed"]:
        hasher.text(part["peer"]).digest(part["digest"])
    return hasher.end()


def batch_digest(batch: Message) -> bytes:
    """What the fingerprint of a plan takes of a batch: everything but the pixels themselves."""
    labels, recipe = batch["labels"], batch["recipe"]
    hasher = Hasher().number(batch["step"]).number(batch["epoch"]).number(1 if batch["ends_epoch"] else 0)
    hasher.number(labels["classes"]).number(len(labels["weights"]))
    for weight, ids in zip(labels["weights"], labels["class_ids"]):
        hasher.number(weight).ints(ids["values"])
    hasher.ints(recipe["sample_ids"]).number(len(recipe["partners"]))
    for partner in recipe["partners"]:
        hasher.ints(partner["values"])
    blend = recipe["blend"]
    hasher.number(0 if blend is None else 1).number(0.0 if blend is None else blend)
    hasher.number(recipe["crop_padding"]).number(len(recipe["views"]))
    for view in recipe["views"]:
        hasher.ints(view["crop_x"]).ints(view["crop_y"]).ints(view["flip"]).number(len(view["boxes"]))
        for box in view["boxes"]:
            hasher.ints([box["x1"], box["y1"], box["x2"], box["y2"]])
    hasher.number(len(batch["digests"]))
    for digest in batch["digests"]:
        hasher.digest(digest)
    return hasher.end()


def chain_two(before: bytes, after: bytes) -> bytes:
    return hashlib.sha256(before + after).digest()


def chain(digests: List[bytes]) -> bytes:
    """A fingerprint: each digest is hashed with all before it."""
    value = bytes(32)
    for digest in digests:
        value = chain_two(value, digest)
    return value


# ---- pictures


def render(recipe: Message, slot: int, images: List[bytes], height: int, width: int, channels: int) -> bytes:
    """The pixels of a batch for a slot; images: the training images, each height * width * channels bytes."""
    view = recipe["views"][slot if len(recipe["views"]) > 1 else 0]
    padding = recipe["crop_padding"]
    plain = []
    for row, sample in enumerate(recipe["sample_ids"]):
        left, top = view["crop_x"][row] - padding, view["crop_y"][row] - padding
        out = bytearray()
        for y in range(height):
            for x in range(width):
                column = width - 1 - x if view["flip"][row] else x
                from_x, from_y = column + left, y + top
                inside = 0 <= from_x < width and 0 <= from_y < height
                start = (from_y * width + from_x) * channels
                out += images[sample][start : start + channels] if inside else bytes(channels)
        plain.append(bytes(out))
    if recipe["blend"] is not None:
        return b"".join(blend(plain, recipe["partners"][0]["values"], recipe["blend"]))
    painted = [bytearray(image) for image in plain]
    for box, partner in zip(view["boxes"], recipe["partners"]):
        for row, image in enumerate(painted):
            for y in range(box["y1"], box["y2"]):
                start, end = (y * width + box["x1"]) * channels, (y * width + box["x2"]) * channels
                image[start:end] = plain[partner["values"][row]][start:end]
    return b"".join(painted)


def blend(plain: List[bytes], partner: List[int], weight: float) -> List[bytes]:
    own = int(weight * 65536)
    return [
        bytes((own * a + (65536 - own) * b + 32768) >> 16 for a, b in zip(image, plain[partner[row]]))
        for row, image in enumerate(plain)
    ]
