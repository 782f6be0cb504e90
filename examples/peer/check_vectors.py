"""Checks the published vectors (protocol/src/test/resources/vectors) with nothing but the files beside it: records of real
runs, with their digests, pictures and losses.  python3 check_vectors.py VECTORS COHORT.PROTO"""

import base64
import json
import pathlib
import sys
from typing import Any, Dict, List, Tuple

import protocol as p
from objective import Objective
from records import Message, Schema

CLOSE = 1e-12


class Vectors:
    def __init__(self, folder: pathlib.Path, proto: pathlib.Path) -> None:
        self.folder = folder
        self.schema = Schema(proto.read_text())
        self.json: Dict[str, Any] = json.loads((folder / "vectors.json").read_text())
        self.checked = 0
        self.wrong: List[str] = []

    def body(self, record: str) -> Tuple[str, Message]:
        """The kind and the content of the message in a record."""
        envelope = self.schema.read((self.folder / record).read_bytes())
        head = ("protocol_version", "run_id", "sender", "signature")
        return next((kind, body) for kind, body in envelope.items() if kind not in head and body is not None)

    def expect(self, what: str, found: Any, right: Any) -> None:
        self.checked += 1
        same = abs(found - right) <= CLOSE * max(1, abs(right)) if isinstance(right, float) else found == right
        if not same:
            self.wrong.append(f"{what}: {found}, must be {right}")

    def check(self) -> None:
        for v in self.json["partitions"]:
            self.expect(f"partition of {v['id']}", p.partition(v["id"], v["of"]), v["partition"])
        for v in self.json["digests"]:
            self.expect(f"digest of {v['record']}", digest(*self.body(v["record"])).hex(), v["sha256"])
        data = self.json["data"]
        shape = (data["height"], data["width"], data["channels"])
        self.expect("digest of the data", data_digest(data, shape).hex(), data["sha256"])
        images = [base64.b64decode(i) for i in data["sets"][0]["images"]]
        for v in self.json["pictures"]:
            recipe = self.body(v["record"])[1]["recipe"]
            pixels = p.render(recipe, v["slot"], images, *shape)
            found = p.images_digest(len(recipe["sample_ids"]), *shape, pixels)
            self.expect(f"picture of {v['record']} for slot {v['slot']}", found.hex(), v["sha256"])
        for v in self.json["losses"]:
            self.loss(v)
        for v in self.json["fingerprints"]:
            plan = p.chain([p.batch_digest(self.body(r)[1]) for r in v["batches"]])
            outcomes = p.chain([p.outcome_digest(self.body(r)[1], True) for r in v["outcomes"]])
            self.expect("fingerprint of a plan", plan.hex(), v["plan"])
            self.expect("fingerprint of a run", p.chain_two(plan, outcomes).hex(), v["run"])

    def loss(self, v: Dict[str, Any]) -> None:
        found = objective(self, v)
        name = f"{v['outcome']} for {v['peer']}"
        for part in ("loss", "cross_entropy", "distillation", "correct"):
            self.expect(f"{part} of {name}", getattr(found, part), v[part])
        self.expect(f"terms of {name}", [t[0] for t in found.terms], [t["name"] for t in v["terms"]])
        for (_, weight, loss), right in zip(found.terms, v["terms"]):
            self.expect(f"weight of {right['name']} of {name}", weight, right["weight"])
            self.expect(f"loss of {right['name']} of {name}", loss, right["loss"])
        self.expect(f"gradients of {name}", sorted(found.gradients), sorted(v["gradients"]))
        for tensor, rows in v["gradients"].items():
            for found_row, row in zip(found.gradients[tensor], rows):
                for one, right in zip(found_row, row):
                    self.expect(f"gradient of {tensor} of {name}", one, right)


def tensor(json_tensor: Dict[str, Any]) -> Message:
    data = base64.b64decode(json_tensor["data"])
    return {"dtype": "DTYPE_" + json_tensor["dtype"], "shape": json_tensor["shape"], "data": data}


def objective(vectors: Vectors, v: Dict[str, Any]) -> Objective:
    part = vectors.body(v["addressed"])[1] if v["addressed"] else None
    return Objective(
        vectors.body(v["batch"])[1]["labels"],
        vectors.body(v["outcome"])[1],
        part,
        v["peer"],
        {name: tensor(t) for name, t in v["own"].items()},
        vectors.body(v["prediction"])[1]["tensors"],
        tensor(v["own_teacher"]) if v["own_teacher"] else None,
    )


def digest(kind: str, body: Message) -> bytes:
    if kind == "prediction":
        return p.tensors_digest(body["tensors"])
    if kind == "snapshot":
        return p.tensors_digest(body["state"])
    return {"outcome": p.outcome_digest, "addressed": p.addressed_digest, "batch": p.batch_digest}[kind](body)


def data_digest(data: Dict[str, Any], shape: Tuple[int, int, int]) -> bytes:
    hasher = p.Hasher().number(len(data["classes"]))
    for name in data["classes"]:
        hasher.text(name)
    for one in data["sets"]:
        images = [base64.b64decode(i) for i in one["images"]]
        hasher.ints(one["labels"]).digest(p.images_digest(len(images), *shape, b"".join(images)))
    return hasher.end()


def main() -> int:
    vectors = Vectors(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    vectors.check()
    for line in vectors.wrong[:20]:
        print(line)
    print(f"{vectors.checked} values checked, {len(vectors.wrong)} wrong")
    return 1 if vectors.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
