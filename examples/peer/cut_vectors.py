"""Writes the vectors that check_vectors.py and PublishedVectorsTest read, from archives of real runs (cohort archive) on a tiny
image folder. What peers and coordinator wrote into the log is compared with protocol.py while cutting.

python3 cut_vectors.py DATA VECTORS COHORT.PROTO NAME=ARCHIVE.zip...; DATA: data.json with classes and sets, as in vectors.json"""

import base64
import json
import pathlib
import random
import struct
import sys
import zipfile
from typing import Any, Dict, Iterator, List

import check_vectors
import protocol as p
from objective import matrix
from records import Message

KINDS = ("batch", "prediction", "outcome", "addressed", "snapshot")
STEPS = 2


def records(archive: str) -> Iterator[bytes]:
    with zipfile.ZipFile(archive) as zipped:
        for member in sorted(zipped.namelist()):
            if member.startswith("topics/"):
                data = zipped.read(member)
                at = 0
                while data[at] == 1:
                    (size,) = struct.unpack(">i", data[at + 17 : at + 21])
                    yield data[at + 21 : at + 21 + size]
                    at += 21 + size


def file_name(kind: str, body: Message) -> str:
    return "-".join([kind] + [str(body[k]) for k in ("step", "peer") if k in body]) + ".bin"


def cut(name: str, archive: str, vectors: check_vectors.Vectors) -> None:
    folder = vectors.folder / name
    folder.mkdir(exist_ok=True)
    seen: Dict[str, Message] = {}
    for record in records(archive):
        envelope = vectors.schema.read(record)
        vectors.json["runs"][name] = envelope["run_id"]
        if envelope["manifest"] is not None:
            assert envelope["manifest"]["data_digest"].hex() == vectors.json["data"]["sha256"], name
        for kind in KINDS:
            body = envelope[kind]
            if body is not None and body.get("step", 1) <= STEPS and file_name(kind, body) not in seen:
                (folder / file_name(kind, body)).write_bytes(record)
                seen[file_name(kind, body)] = body
    first = {key: body for key, body in seen.items() if key.startswith("batch")}
    for key, body in seen.items():
        kind = key.partition("-")[0].partition(".")[0]
        if kind in ("batch", "prediction", "outcome", "addressed", "snapshot"):
            value = check_vectors.digest(kind, body).hex()
            vectors.json["digests"].append({"record": f"{name}/{key}", "sha256": value})
        if kind == "outcome":
            for c in body["contributors"]:
                named = p.tensors_digest(seen[f"prediction-{body['step']}-{c['peer']}.bin"]["tensors"])
                assert named == c["tensors"], (name, key, c["peer"])
            targets = body["targets"] or {"addressed": []}
            for part in targets["addressed"]:
                assert p.addressed_digest(seen[f"addressed-{body['step']}-{part['peer']}.bin"]) == part["digest"]
            losses(name, body, seen, vectors)
        if kind == "batch":
            for slot, right in enumerate(body["digests"]):
                vectors.json["pictures"].append({"record": f"{name}/{key}", "slot": slot, "sha256": right.hex()})
    batches = sorted(f"{name}/{key}" for key in first)
    outcomes = sorted(f"{name}/{key}" for key in seen if key.startswith("outcome"))
    plan = p.chain([p.batch_digest(vectors.body(r)[1]) for r in batches])
    chained = p.chain([p.outcome_digest(vectors.body(r)[1], True) for r in outcomes])
    vectors.json["fingerprints"].append(
        {"batches": batches, "outcomes": outcomes, "plan": plan.hex(), "run": p.chain_two(plan, chained).hex()}
    )


def losses(name: str, outcome: Message, seen: Dict[str, Message], vectors: check_vectors.Vectors) -> None:
    """One loss for each peer that predicted the step, as if its outputs had been a little off the rounded ones it published."""
    step = outcome["step"]
    for key, prediction in seen.items():
        if not key.startswith(f"prediction-{step}-"):
            continue
        peer = prediction["peer"]
        draws = random.Random(f"{name} {step} {peer}")
        own = {one["name"]: near(one["tensor"], draws) for one in prediction["tensors"]}
        terms = (outcome["targets"] or {"terms": []})["terms"]
        rows = prediction["tensors"][0]["tensor"]["shape"][0]
        classes = seen[f"batch-{step}.bin"]["labels"]["classes"]
        if any(t["own_branches"] for t in terms):
            own["branches"] = drawn([rows, 3 * (classes + 1)], draws)
        published = {one["name"] for one in prediction["tensors"]}
        teacher = any(t["own_target"] for t in terms) and "own_teacher" not in published
        part = f"addressed-{step}-{peer}.bin"
        vector: Dict[str, Any] = {
            "batch": f"{name}/batch-{step}.bin",
            "outcome": f"{name}/outcome-{step}.bin",
            "addressed": f"{name}/{part}" if part in seen else "",
            "prediction": f"{name}/{key}",
            "peer": peer,
            "own": own,
            "own_teacher": drawn([rows, classes], draws) if teacher else None,
        }
        found = check_vectors.objective(vectors, vector)
        vector.update({k: getattr(found, k) for k in ("loss", "cross_entropy", "distillation", "correct")})
        vector["terms"] = [{"name": n, "weight": w, "loss": loss} for n, w, loss in found.terms]
        vector["gradients"] = found.gradients
        vectors.json["losses"].append(vector)


def near(tensor: Message, draws: random.Random) -> Dict[str, Any]:
    values = [v + draws.uniform(-1e-3, 1e-3) for row in matrix(tensor) for v in row]
    return packed(tensor["shape"], values)


def drawn(shape: List[int], draws: random.Random) -> Dict[str, Any]:
    return packed(shape, [draws.uniform(-2, 2) for _ in range(shape[0] * shape[1])])


def packed(shape: List[int], values: List[float]) -> Dict[str, Any]:
    data = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return {"dtype": "FLOAT32", "shape": shape, "data": data}


def main() -> None:
    data, folder, proto = (pathlib.Path(a) for a in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    ids = ["p1", "p2", "control", "a", "gpu-7.example", "0", "z_z", "x" * 32]
    json_vectors: Dict[str, Any] = {
        "partitions": [{"id": i, "of": n, "partition": p.partition(i, n)} for n in (8, 3, 16) for i in ids],
        "runs": {},
        "digests": [],
        "data": json.loads(data.read_text()),
        "pictures": [],
        "losses": [],
        "fingerprints": [],
    }
    (folder / "vectors.json").write_text(json.dumps(json_vectors))
    vectors = check_vectors.Vectors(folder, proto)
    for argument in sys.argv[4:]:
        name, _, archive = argument.partition("=")
        cut(name, archive, vectors)
    (folder / "vectors.json").write_text(lines(vectors.json))


def lines(values: Dict[str, Any]) -> str:
    """One line for each vector."""
    parts = []
    for name, value in values.items():
        text = json.dumps(value) if isinstance(value, dict) else "[\n" + ",\n".join(json.dumps(v) for v in value) + "\n]"
        parts.append(f"{json.dumps(name)}: {text}")
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    main()
