"""The loss of a peer and its gradients, by PROTOCOL.md alone. Written to be read: for speed, use arrays."""

import math
import struct
from typing import Dict, List, Optional, Sequence, Tuple

from protocol import kind_of, tensors_digest, word
from records import Message

Matrix = List[List[float]]
FORMATS = {"DTYPE_FLOAT16": "e", "DTYPE_FLOAT32": "f", "DTYPE_FLOAT64": "d"}


def matrix(tensor: Message) -> Matrix:
    rows, columns = tensor["shape"]
    values = struct.unpack(f"<{rows * columns}{FORMATS[tensor['dtype']]}", tensor["data"])
    return [list(values[r * columns : (r + 1) * columns]) for r in range(rows)]


def softmax(logits: Sequence[float], temperature: float = 1.0) -> Tuple[List[float], List[float]]:
    """Probabilities of one row, and their logarithms."""
    largest = max(logits)
    logs = [(z - largest) / temperature for z in logits]
    sum_ = sum(math.exp(log) for log in logs)
    return [math.exp(log) / sum_ for log in logs], [log - math.log(sum_) for log in logs]


def renormalised(values: Sequence[float]) -> Tuple[List[float], List[float]]:
    positive = [max(0.0, v) for v in values]
    total = sum(positive)
    shares = [v / total for v in positive]
    return shares, [math.log(p) if p > 0 else -math.inf for p in shares]


class Objective:
    """The loss of a peer for a batch, its parts, and its gradients with respect to the outputs of the peer's network."""

    def __init__(
        self,
        labels: Message,
        outcome: Optional[Message],
        part: Optional[Message],
        peer: str,
        own: Dict[str, Message],
        published: List[Message],
        own_teacher: Optional[Message] = None,
    ) -> None:
        self.rows, self.classes = len(labels["class_ids"][0]["values"]), labels["classes"]
        self.y = [[0.0] * self.classes for _ in range(self.rows)]
        for weight, ids in zip(labels["weights"], labels["class_ids"]):
            for row, label in enumerate(ids["values"]):
                self.y[row][label] += weight
        self.own = own
        self.z = matrix(own["logits"])
        self.votes = {one["name"]: one["tensor"] for one in published}
        if own_teacher is not None:
            self.votes.setdefault("own_teacher", own_teacher)
        self.gradients: Dict[str, Matrix] = {"logits": [[0.0] * self.classes for _ in range(self.rows)]}
        self.terms: List[Tuple[str, float, float]] = []
        targets = outcome["targets"] if outcome is not None else None
        names = [c["peer"] for c in outcome["contributors"]] if outcome is not None else []
        self.m = len(names)
        digest = tensors_digest(published)
        self.place = next(
            (i for i, c in enumerate(outcome["contributors"]) if c["peer"] == peer and c["tensors"] == digest)
            if outcome is not None and targets is not None
            else iter(()),
            None,
        )
        weight = targets["label_weight"] if targets is not None else 1.0
        self.cross_entropy = self._labels(weight)
        shared = list(targets["terms"]) if targets is not None else []
        self.all = shared + (part["terms"] if part is not None and self.place is not None else [])
        for term in self.all:
            self._add(term)
        self.distillation = 0.0
        for _, w, loss in self.terms:
            self.distillation += w * loss
        self.loss = weight * self.cross_entropy + self.distillation
        hits = sum(z.index(max(z)) == y.index(max(y)) for z, y in zip(self.z, self.y))
        self.correct = hits / self.rows

    def _labels(self, weight: float) -> float:
        sum_ = 0.0
        for row, (z, y) in enumerate(zip(self.z, self.y)):
            p, logs = softmax(z)
            for c in range(self.classes):
                sum_ -= y[c] * logs[c]
                self.gradients["logits"][row][c] += weight * (p[c] - y[c]) / self.rows
        return sum_ / self.rows

    def _add(self, term: Message) -> None:
        kind = kind_of(term)
        body = term[kind]
        contributes = self.place is not None
        if kind == "soft_target":
            audience = word(body["audience"], "AUDIENCE_")
            if audience == "EVERYBODY" or (audience == "CONTRIBUTORS") == contributes:
                self._soft_target(term["name"], body)
        elif kind == "own_target":
            self._own_target(term["name"], body)
        elif kind == "own_branches":
            self._own_branches(term["name"], body)
        elif contributes and kind == "cross_entropy":
            self._labels(body["weight"])
        elif contributes and kind == "gated_cross_entropy":
            self._gated(term["name"], body)
        elif contributes and kind == "leaf_gradient":
            values = matrix(body["gradient"])
            into = self.gradients.setdefault(body["tensor"], [[0.0] * len(values[0]) for _ in values])
            for row, gradient in enumerate(values):
                for i, value in enumerate(gradient):
                    into[row][i] += value

    def _soft_target(self, name: str, body: Message) -> None:
        temperature, logits = body["temperature"], body["space"] == "SPACE_LOGITS"
        leaves_out = body["vote"] != "VOTE_INCLUDED" and self.place is not None
        if leaves_out and self.m == 1:
            return
        values = matrix(body["values"])
        if len(values) == 1:
            values = [list(values[0]) for _ in range(self.rows)]
        if leaves_out:
            voice = matrix(self.votes["logits" if body["vote"] == "VOTE_LEFT_OUT" else "own_teacher"])
            for row, mean in enumerate(values):
                vote = voice[row] if logits else softmax(voice[row], temperature)[0]
                values[row] = [(self.m * v - own) / (self.m - 1) for v, own in zip(mean, vote)]
        teachers = [softmax(v, temperature) if logits else renormalised(v) for v in values]
        self.terms.append((name, body["weight"], self._divergence(teachers, body["weight"], temperature)))

    def _divergence(self, teachers: List[Tuple[List[float], List[float]]], weight: float, temperature: float) -> float:
        sum_ = 0.0
        for row, (q, q_logs) in enumerate(teachers):
            p, logs = softmax(self.z[row], temperature)
            for c in range(self.classes):
                sum_ += q[c] * (q_logs[c] - logs[c]) if q[c] > 0 else 0.0
                self.gradients["logits"][row][c] += weight * temperature * (p[c] - q[c]) / self.rows
        return temperature * temperature * sum_ / self.rows

    def _own_target(self, name: str, body: Message) -> None:
        if "own_teacher" not in self.votes:
            return
        teacher = matrix(self.votes["own_teacher"])
        if body["form"] == "FORM_DIVERGENCE":
            teachers = [softmax(t, body["temperature"]) for t in teacher]
            loss = self._divergence(teachers, body["weight"], body["temperature"])
        else:
            loss, cells = 0.0, self.rows * self.classes
            for row, t in enumerate(teacher):
                p, q = softmax(self.z[row])[0], softmax(t)[0]
                inner = sum(a * (a - b) for a, b in zip(p, q))
                for c in range(self.classes):
                    loss += (p[c] - q[c]) ** 2
                    self.gradients["logits"][row][c] += body["weight"] * 2 * p[c] * (p[c] - q[c] - inner) / cells
            loss /= cells
        self.terms.append((name, body["weight"], loss))

    def _gated(self, name: str, body: Message) -> None:
        ensemble = next(
            matrix(t["soft_target"]["values"])
            for t in self.all
            if t["name"] == name and t["soft_target"] is not None and t["soft_target"]["space"] == "SPACE_LOGITS"
        )
        gates = matrix(body["gates"])
        for row, z_e in enumerate(ensemble):
            p = softmax(z_e)[0]
            for c in range(self.classes):
                share = body["weight"] * gates[row][self.place or 0]
                self.gradients["logits"][row][c] += share * (p[c] - self.y[row][c]) / self.rows

    def _own_branches(self, name: str, body: Message) -> None:
        packed, classes, temperature = matrix(self.own["branches"]), self.classes, body["temperature"]
        m = len(packed[0]) // (classes + 1)
        into = self.gradients.setdefault("branches", [[0.0] * len(packed[0]) for _ in packed])
        loss = 0.0
        for row, values in enumerate(packed):
            y, gates = self.y[row], values[m * classes :]
            branches = [values[k * classes : (k + 1) * classes] for k in range(m)]
            z_e = [sum(g * z[c] for g, z in zip(gates, branches)) for c in range(classes)]
            p_e, (q, q_logs) = softmax(z_e)[0], softmax(z_e, temperature)
            for k, z in enumerate(branches):
                p, (s, s_logs) = softmax(z)[0], softmax(z, temperature)
                for c in range(classes):
                    loss += q[c] * (q_logs[c] - s_logs[c])
                    into[row][k * classes + c] += (p[c] - y[c] + gates[k] * (p_e[c] - y[c])) / self.rows
                    into[row][k * classes + c] += body["weight"] * temperature * (s[c] - q[c]) / self.rows
                    into[row][m * classes + k] += z[c] * (p_e[c] - y[c]) / self.rows
        self.terms.append((name, body["weight"], temperature * temperature * loss / self.rows))
